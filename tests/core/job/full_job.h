// A record and events with something in every field, each value of its own, for tests of what is stored. Functions
// without state; thread-safe.
#pragma once

#include <limits>
#include <vector>

#include "core/base/error_info.h"
#include "core/job/job_event.h"
#include "core/job/job_record.h"

namespace ruyi {

inline VideoSpec FullSpec() {
  VideoSpec spec;
  spec.start_pictures = {{"s1", "p1"}, {"s2", "p2"}};
  spec.end_pictures = {{"s3", "p3"}};
  spec.size = {.width = 64, .height = 32};
  spec.frame_count = 24;
  spec.frames_per_second = 25;
  spec.latents = {.channels = 16, .frames = 6, .height = 4, .width = 8};
  spec.camera = Camera::kDown;
  spec.motion = 3;
  spec.sampler = SamplerKind::kEulerAncestral;
  spec.steps = 30;
  spec.guidance_scale = 7.1;
  spec.guidance_rescale = 1.0 / 3.0;
  spec.clip_apply_ratio = 0.1 + 0.2;
  spec.fp8 = {.mode = Fp8Mode::kStrong, .type = Fp8Type::kE5m2, .arithmetic = Fp8Arithmetic::kScaled};
  spec.loras = {{.name = "l1", .strength = -0.5, .sha256 = "5a"}, {.name = "ü", .strength = 2}};
  spec.lora_bytes = int64_t{1} << 40;
  spec.tea_cache = {.threshold = 0.15, .skip_start_steps = 4, .skip_end_steps = 2, .offload = true};
  spec.enhance = {.weight = 1.5, .skip_start_steps = 5, .skip_end_steps = 6};
  spec.easy_cache = {.threshold = 0.025, .skip_start_steps = 7, .skip_end_steps = 3};
  spec.guidance_gate = {.start_ratio = 0.3};
  spec.vae_tiling = false;
  spec.seed = std::numeric_limits<uint64_t>::max();
  spec.memory = {.policy = MemoryPolicy::kSmallest,
                 .max_vram_mib = 9000,
                 .max_host_mib = 64000,
                 .resident_blocks = 0,
                 .resident_states = 7};
  spec.execution_timeout = absl::Milliseconds(1500);
  spec.encoding = {.crf = 0, .preset = EncoderPreset::kVeryslow, .fragment_frames = 16, .faststart = true};
  spec.preview = {.every_steps = 2, .width = 320};
  return spec;
}

inline Prediction FullPrediction(int blocks) {
  Prediction prediction = {
      .mode = {
          .resident_blocks = blocks, .resident_states = 5, .branches_in_turn = true, .autoencoder_in_slabs = true}};
  for (int i = 0; i < kStages; ++i)
    prediction.stages[i] = {.peak_bytes = 1000 + i, .seconds = i + 0.1};
  prediction.host_bytes = int64_t{13} << 30;
  prediction.raise = 1.0625;
  return prediction;
}

inline Placement FullPlacement() {
  return {.prediction = FullPrediction(20),
          .fallbacks = {FullPrediction(10), FullPrediction(0)},
          .budget_bytes = int64_t{1} << 35,
          .reason = "the fastest that fits"};
}

inline absl::Status FullStatus() {
  return WithErrorInfo(absl::ResourceExhaustedError("too large\n\"really\""),
                       {.reason = "GPU_OUT_OF_MEMORY",
                        .metadata = {{"a", "1"}, {"b", ""}},
                        .field_violations = {{"size", "is too large"}, {"frame_count", "too"}},
                        .unmet_preconditions = {{"12 blocks", "takes 9 GiB"}},
                        .retry_delay = absl::Milliseconds(2500)});
}

inline VideoResult FullResult() {
  return {.file = {.size_bytes = int64_t{1} << 33, .sha256 = std::string("\x00\x01\xfe\xff", 4) + std::string(28, 'q')},
          .frame_count = 24,
          .frames_per_second = 25,
          .skipped_steps = {3, 7},
          .provenance = {.model = "Ruyi",
                         .model_sha256 = "abc",
                         .loras = {{"l1", "def"}},
                         .build = "1.0",
                         .sampler = "ddim",
                         .seed = std::numeric_limits<uint64_t>::max() - 1},
          .device = "gpu",
          .reused_from = "other"};
}

inline VideoUsage FullUsage() {
  VideoUsage usage = {.queued = absl::Nanoseconds(1),
                      .conditioning = absl::Seconds(2),
                      .denoising = absl::Seconds(3),
                      .decoding = absl::Seconds(4)};
  usage.report = {.mode = {.resident_blocks = 1}, .peak_bytes = 77, .retries = 2};
  usage.report.stages[2] = {.peak_bytes = 5, .seconds = 0.7};
  usage.worked = absl::Seconds(9);
  usage.resumes = 8;
  return usage;
}

inline JobProgress FullProgress() {
  return {.progress = {.phase = Phase::kDecoding, .done = 5, .total = 9, .skipped_steps = {2}},
          .per_unit = absl::Seconds(1),
          .remaining = absl::InfiniteDuration()};
}

inline JobRecord FullRecord() {
  JobRecord record;
  record.ticket = {.id = "id",
                   .request_id = "request",
                   .request_digest = "digest",
                   .reuse_key = "key",
                   .labels = {{"a", "b"}, {"", ""}},
                   .priority = Priority::kHigh,
                   .cancel_on_disconnect = true,
                   .tenant = "tenant",
                   .principal = "somebody",
                   .call_id = "call",
                   .traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"};
  record.spec = FullSpec();
  record.placement = FullPlacement();
  record.state = JobState::kCancelling;
  record.create_time = absl::FromUnixNanos(1'700'000'000'123'456'789);
  record.start_time = record.create_time + absl::Seconds(1);
  record.end_time = record.create_time + absl::Seconds(2);
  record.expire_time = absl::InfiniteFuture();
  record.create_age = record.create_time - absl::Hours(1);
  record.end_age = record.create_time - absl::Hours(2);
  record.expire_age = record.create_time - absl::Hours(3);
  record.queued = absl::Seconds(11);
  record.worker = "worker-1";
  record.attempts = 3;
  record.crashes = 2;
  record.resumes = 1;
  record.checkpoint = {.step = 4, .sha256 = "checkpoint", .worked = absl::Seconds(5)};
  record.outcome = JobCompleted{.result = FullResult(), .usage = FullUsage()};
  record.progress = FullProgress();
  record.result = FullResult();
  record.usage = FullUsage();
  record.error = FullStatus();
  record.last_seq = int64_t{1} << 50;
  return record;
}

// Returns one event of each kind, with every optional there.
inline std::vector<JobEvent> FullEvents() {
  return {JobAccepted{.placement = FullPlacement()},
          JobQueued{.position = 4, .expected_wait = absl::Seconds(9), .paused = true},
          JobStarted{.worker = "w", .attempt = 2, .placement = FullPlacement()},
          JobResumed{.step = 11},
          FullProgress(),
          JobPreview{.step = 6, .size = {.width = 8, .height = 4}, .jpeg = std::string("\xff\xd8\x00z", 4)},
          JobRetry{.retry = {.from = {.resident_blocks = 9}, .to = {.resident_blocks = 8}, .reason = "full"}},
          JobCancelling{FullStatus()},
          JobCompleted{.result = FullResult(), .usage = FullUsage()},
          JobFailed{FullStatus()}};
}

// Returns one event of each kind as it is made, with every optional absent.
inline std::vector<JobEvent> BareEvents() {
  return {JobAccepted{},  JobQueued{},
          JobStarted{},   JobResumed{},
          JobProgress{},  JobPreview{},
          JobRetry{},     JobCancelling{absl::CancelledError()},
          JobCompleted{}, JobFailed{absl::AbortedError("")}};
}

}  // namespace ruyi
