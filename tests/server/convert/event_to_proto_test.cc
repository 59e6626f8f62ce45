#include "server/convert/event_to_proto.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "core/base/error_info.h"
#include "core/base/error_reasons.h"
#include "tests/server/rpc_status.h"
#include "tests/support/fake_clock.h"
#include "tests/support/recording_event_sink.h"
#include "tests/support/test_job.h"

namespace ruyi {
namespace {

class EventToProto : public testing::Test {
 protected:
  std::shared_ptr<Job> MakeJob(GenerationPlan plan = TestPlan()) {
    return TestJob(std::make_shared<RecordingEventSink>(), clock_, std::move(plan));
  }

  v1::VideoEvent Convert(JobEvent event) { return ToProto(*MakeJob(), std::move(event)); }

  FakeClock clock_;
};

TEST_F(EventToProto, AVideoHasItsNameTimeAndSettings) {
  GenerationPlan plan = TestPlan();
  plan.camera = Camera::kUp;
  plan.motion = 3;
  plan.seed = ~uint64_t{0};
  const v1::Video video = ToProto(*MakeJob(plan));
  EXPECT_EQ(video.name(), "videos/job");
  EXPECT_EQ(video.create_time().seconds(), absl::ToUnixSeconds(clock_.Now()));
  EXPECT_EQ(video.settings().size().width(), 64);
  EXPECT_EQ(video.settings().size().height(), 32);
  EXPECT_EQ(video.settings().frame_count(), 8);
  EXPECT_EQ(video.settings().frames_per_second(), 24);
  EXPECT_EQ(video.settings().camera(), v1::CAMERA_UP);
  EXPECT_EQ(video.settings().motion(), 3);
  EXPECT_EQ(video.settings().sampler(), v1::SAMPLER_DDIM);
  EXPECT_EQ(video.settings().steps(), 3);
  EXPECT_EQ(video.settings().guidance_scale(), 7.0);
  EXPECT_EQ(video.settings().seed(), ~uint64_t{0});
  EXPECT_FALSE(video.has_result());
  EXPECT_FALSE(video.has_usage());
}

TEST_F(EventToProto, AVideoHasTheSettingsOfTheOptions) {
  GenerationPlan plan = TestPlan();
  plan.guidance_rescale = 0.7;
  plan.clip_apply_ratio = 0.25;
  plan.vae_tiling = false;
  plan.loras = {{.name = "film", .strength = 0.5}};
  const v1::VideoSettings settings = ToProto(*MakeJob(plan)).settings();
  EXPECT_EQ(settings.guidance_rescale(), 0.7);
  EXPECT_EQ(settings.clip_apply_ratio(), 0.25);
  EXPECT_TRUE(settings.memory().has_vae_tiling());
  EXPECT_FALSE(settings.memory().vae_tiling());
  EXPECT_EQ(settings.acceleration().loras(0).name(), "film");
}

TEST_F(EventToProto, TilingIsAbsentWhenTheModelDecides) {
  EXPECT_FALSE(ToProto(*MakeJob()).settings().memory().has_vae_tiling());
}

TEST_F(EventToProto, AVideoHasThePlanOfItsMemory) {
  GenerationPlan plan = TestPlan();
  plan.prediction.mode.resident_blocks = 20;
  plan.memory_reason = "it fits";
  const v1::MemoryPlan proto = ToProto(*MakeJob(plan)).plan();
  EXPECT_EQ(proto.mode().resident_blocks(), 20);
  EXPECT_EQ(proto.reason(), "it fits");
}

TEST_F(EventToProto, MotionIsAbsentWhenTheModelDecides) {
  EXPECT_FALSE(ToProto(*MakeJob()).settings().has_motion());
}

TEST_F(EventToProto, EveryCameraHasItsNumber) {
  for (const auto& [from, to] : std::vector<std::pair<Camera, v1::Camera>>{{Camera::kAuto, v1::CAMERA_AUTO},
                                                                           {Camera::kStatic, v1::CAMERA_STATIC},
                                                                           {Camera::kLeft, v1::CAMERA_LEFT},
                                                                           {Camera::kRight, v1::CAMERA_RIGHT},
                                                                           {Camera::kUp, v1::CAMERA_UP},
                                                                           {Camera::kDown, v1::CAMERA_DOWN}}) {
    GenerationPlan plan = TestPlan();
    plan.camera = from;
    EXPECT_EQ(ToProto(*MakeJob(plan)).settings().camera(), to);
  }
}

TEST_F(EventToProto, EverySamplerHasItsNumber) {
  for (const auto& [from, to] :
       std::vector<std::pair<SamplerKind, v1::Sampler>>{{SamplerKind::kDdim, v1::SAMPLER_DDIM},
                                                        {SamplerKind::kEuler, v1::SAMPLER_EULER},
                                                        {SamplerKind::kEulerAncestral, v1::SAMPLER_EULER_ANCESTRAL},
                                                        {SamplerKind::kDpmMultistep, v1::SAMPLER_DPM_MULTISTEP},
                                                        {SamplerKind::kPndm, v1::SAMPLER_PNDM}}) {
    GenerationPlan plan = TestPlan();
    plan.sampler = from;
    EXPECT_EQ(ToProto(*MakeJob(plan)).settings().sampler(), to);
  }
}

TEST_F(EventToProto, LeavesSeqAndTimeToTheStream) {
  const v1::VideoEvent proto = Convert(JobAccepted{});
  EXPECT_EQ(proto.seq(), 0);
  EXPECT_FALSE(proto.has_time());
}

TEST_F(EventToProto, AcceptedBringsTheVideo) {
  const std::shared_ptr<Job> job = MakeJob();
  const v1::VideoEvent proto = ToProto(*job, JobAccepted{});
  EXPECT_EQ(proto.accepted().video().SerializeAsString(), ToProto(*job).SerializeAsString());
}

TEST_F(EventToProto, QueuedBringsThePositionEvenWhenItIsZero) {
  EXPECT_EQ(Convert(JobQueued{.position = 4}).queued().position(), 4);
  EXPECT_TRUE(Convert(JobQueued{.position = 0}).has_queued());
}

TEST_F(EventToProto, ProgressBringsPhaseUnitsAndTimes) {
  const v1::VideoProgress proto =
      Convert(JobProgress{.progress = {.phase = Phase::kDenoising, .done = 2, .total = 25, .skipped_steps = {2}},
                          .per_unit = absl::Milliseconds(1500),
                          .remaining = absl::Seconds(34)})
          .progress();
  EXPECT_EQ(proto.phase(), v1::PHASE_DENOISING);
  EXPECT_EQ(proto.step(), 2);
  EXPECT_EQ(proto.total(), 25);
  EXPECT_EQ(proto.per_step().seconds(), 1);
  EXPECT_EQ(proto.per_step().nanos(), 500'000'000);
  EXPECT_EQ(proto.eta().seconds(), 34);
  EXPECT_THAT(proto.skipped_steps(), testing::ElementsAre(2));
}

TEST_F(EventToProto, ProgressLeavesOutTimesThatAreNotKnown) {
  const v1::VideoProgress proto = Convert(JobProgress{.progress = {.total = 2}}).progress();
  EXPECT_FALSE(proto.has_per_step());
  EXPECT_FALSE(proto.has_eta());
}

TEST_F(EventToProto, EveryPhaseHasItsNumber) {
  for (const auto& [from, to] : std::vector<std::pair<Phase, v1::Phase>>{{Phase::kConditioning, v1::PHASE_CONDITIONING},
                                                                         {Phase::kDenoising, v1::PHASE_DENOISING},
                                                                         {Phase::kDecoding, v1::PHASE_DECODING}})
    EXPECT_EQ(Convert(JobProgress{.progress = {.phase = from}}).progress().phase(), to);
}

TEST_F(EventToProto, RetryBringsBothModesAndTheReason) {
  const v1::VideoRetry proto =
      Convert(JobRetry{{.from = {.resident_blocks = 20, .resident_states = 10},
                        .to = {.resident_blocks = 10, .resident_states = 5, .branches_in_turn = true},
                        .reason = "out of memory"}})
          .retry();
  EXPECT_EQ(proto.from().resident_blocks(), 20);
  EXPECT_EQ(proto.from().resident_states(), 10);
  EXPECT_FALSE(proto.from().branches_in_turn());
  EXPECT_EQ(proto.to().resident_blocks(), 10);
  EXPECT_EQ(proto.to().resident_states(), 5);
  EXPECT_TRUE(proto.to().branches_in_turn());
  EXPECT_EQ(proto.reason(), "out of memory");
}

TEST_F(EventToProto, AChunkBringsItsBytes) {
  const v1::VideoChunk proto = Convert(JobChunk{.offset = 1000, .data = "abc", .crc32c = 0xdeadbeef}).chunk();
  EXPECT_EQ(proto.offset(), 1000);
  EXPECT_EQ(proto.data(), "abc");
  EXPECT_EQ(proto.crc32c(), 0xdeadbeef);
  EXPECT_FALSE(proto.last());
  EXPECT_EQ(proto.total_size_bytes(), 0);
  EXPECT_EQ(proto.sha256(), "");
}

TEST_F(EventToProto, TheLastChunkBringsTheDigest) {
  const v1::VideoChunk proto =
      Convert(JobChunk{.offset = 7, .digest = FileDigest{.size_bytes = 7, .sha256 = "hash"}}).chunk();
  EXPECT_TRUE(proto.last());
  EXPECT_EQ(proto.offset(), 7);
  EXPECT_EQ(proto.data(), "");
  EXPECT_EQ(proto.total_size_bytes(), 7);
  EXPECT_EQ(proto.sha256(), "hash");
}

TEST_F(EventToProto, CompletedBringsResultAndUsage) {
  const v1::Video video =
      Convert(JobCompleted{.file = {.size_bytes = 99, .sha256 = "hash"},
                           .queued = absl::Seconds(1),
                           .conditioning = absl::Seconds(2),
                           .denoising = absl::Seconds(3),
                           .decoding = absl::Seconds(4),
                           .skipped_steps = {4, 5, 9},
                           .report = {.mode = {.resident_blocks = 10}, .peak_bytes = int64_t{3} << 30, .retries = 2}})
          .completed()
          .video();
  EXPECT_EQ(video.name(), "videos/job");
  EXPECT_EQ(video.settings().frame_count(), 8);
  EXPECT_EQ(video.result().size_bytes(), 99);
  EXPECT_EQ(video.result().sha256(), "hash");
  EXPECT_EQ(video.result().duration().seconds(), 0);
  EXPECT_EQ(video.result().duration().nanos(), 333'333'333);  // 8 frames of 24 per second
  EXPECT_THAT(video.result().skipped_steps(), testing::ElementsAre(4, 5, 9));
  EXPECT_EQ(video.usage().queued().seconds(), 1);
  EXPECT_EQ(video.usage().conditioning().seconds(), 2);
  EXPECT_EQ(video.usage().denoising().seconds(), 3);
  EXPECT_EQ(video.usage().decoding().seconds(), 4);
  EXPECT_EQ(video.usage().mode().resident_blocks(), 10);
  EXPECT_EQ(video.usage().peak_mib(), 3072);
  EXPECT_EQ(video.usage().retries(), 2);
}

TEST_F(EventToProto, FailedBringsTheStatusWithDetails) {
  const google::rpc::Status proto =
      Convert(JobFailed{ErrorWithReason(absl::StatusCode::kDeadlineExceeded, "too late", reason::kJobTimeout)})
          .failed()
          .status();
  EXPECT_EQ(proto.code(), static_cast<int>(absl::StatusCode::kDeadlineExceeded));
  EXPECT_EQ(proto.message(), "too late");
  EXPECT_EQ(DetailsOf(proto).reason(), "JOB_TIMEOUT");
}

}  // namespace
}  // namespace ruyi
