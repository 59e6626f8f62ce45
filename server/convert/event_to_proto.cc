#include "server/convert/event_to_proto.h"

#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "server/convert/memory_proto.h"
#include "server/convert/settings_to_proto.h"
#include "server/convert/status_to_grpc.h"
#include "server/convert/time_to_proto.h"

namespace ruyi {
namespace {

ruyi::v1::Phase ToProto(Phase phase) {
  switch (phase) {
    case Phase::kConditioning:
      return ruyi::v1::PHASE_CONDITIONING;
    case Phase::kDenoising:
      return ruyi::v1::PHASE_DENOISING;
    case Phase::kDecoding:
      break;
  }
  return ruyi::v1::PHASE_DECODING;
}

ruyi::v1::VideoResult ResultOf(const Job& job, const JobCompleted& event) {
  ruyi::v1::VideoResult result;
  result.set_size_bytes(event.file.size_bytes);
  result.set_sha256(event.file.sha256);
  *result.mutable_duration() = ruyi::ToProto(absl::Seconds(job.plan.frame_count) / job.plan.frames_per_second);
  result.mutable_skipped_steps()->Add(event.skipped_steps.begin(), event.skipped_steps.end());
  return result;
}

ruyi::v1::VideoUsage UsageOf(const JobCompleted& event) {
  ruyi::v1::VideoUsage usage;
  *usage.mutable_queued() = ruyi::ToProto(event.queued);
  *usage.mutable_conditioning() = ruyi::ToProto(event.conditioning);
  *usage.mutable_denoising() = ruyi::ToProto(event.denoising);
  *usage.mutable_decoding() = ruyi::ToProto(event.decoding);
  *usage.mutable_mode() = ruyi::ToProto(event.report.mode);
  usage.set_peak_mib(MibOf(event.report.peak_bytes));
  usage.set_retries(event.report.retries);
  return usage;
}

// Fills the event's oneof, one overload per kind of JobEvent.
struct EventFiller {
  const Job& job;
  ruyi::v1::VideoEvent& proto;

  void operator()(const JobAccepted&) { *proto.mutable_accepted()->mutable_video() = ruyi::ToProto(job); }

  void operator()(const JobQueued& event) { proto.mutable_queued()->set_position(event.position); }

  void operator()(const JobProgress& event) {
    ruyi::v1::VideoProgress& progress = *proto.mutable_progress();
    progress.set_phase(ToProto(event.progress.phase));
    progress.set_step(event.progress.done);
    progress.set_total(event.progress.total);
    if (event.per_unit.has_value())
      *progress.mutable_per_step() = ruyi::ToProto(*event.per_unit);
    if (event.remaining.has_value())
      *progress.mutable_eta() = ruyi::ToProto(*event.remaining);
    progress.mutable_skipped_steps()->Add(event.progress.skipped_steps.begin(), event.progress.skipped_steps.end());
  }

  void operator()(const JobRetry& event) {
    *proto.mutable_retry()->mutable_from() = ruyi::ToProto(event.retry.from);
    *proto.mutable_retry()->mutable_to() = ruyi::ToProto(event.retry.to);
    proto.mutable_retry()->set_reason(event.retry.reason);
  }

  void operator()(JobChunk& event) {
    ruyi::v1::VideoChunk& chunk = *proto.mutable_chunk();
    chunk.set_offset(event.offset);
    chunk.set_data(std::move(event.data));
    chunk.set_crc32c(event.crc32c);
    if (!event.digest.has_value())
      return;
    chunk.set_last(true);
    chunk.set_total_size_bytes(event.digest->size_bytes);
    chunk.set_sha256(event.digest->sha256);
  }

  void operator()(const JobCompleted& event) {
    ruyi::v1::Video& video = *proto.mutable_completed()->mutable_video();
    video = ruyi::ToProto(job);
    *video.mutable_result() = ResultOf(job, event);
    *video.mutable_usage() = UsageOf(event);
  }

  void operator()(const JobFailed& event) { *proto.mutable_failed()->mutable_status() = ruyi::ToProto(event.status); }
};

}  // namespace

ruyi::v1::Video ToProto(const Job& job) {
  ruyi::v1::Video video;
  video.set_name(absl::StrCat("videos/", job.id));
  *video.mutable_create_time() = ToProto(job.accepted_at);
  *video.mutable_settings() = SettingsOf(job.plan);
  *video.mutable_plan() = MemoryPlanOf(job.plan);
  return video;
}

ruyi::v1::VideoEvent ToProto(const Job& job, JobEvent event) {
  ruyi::v1::VideoEvent proto;
  std::visit(EventFiller{job, proto}, event);
  return proto;
}

}  // namespace ruyi
