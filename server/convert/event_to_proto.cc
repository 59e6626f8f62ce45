#include "server/convert/event_to_proto.h"

#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "server/convert/acceleration_proto.h"
#include "server/convert/sampler_proto.h"
#include "server/convert/status_to_grpc.h"
#include "server/convert/time_to_proto.h"

namespace ruyi {
namespace {

ruyi::v1::Camera ToProto(Camera camera) {
  switch (camera) {
    case Camera::kStatic:
      return ruyi::v1::CAMERA_STATIC;
    case Camera::kLeft:
      return ruyi::v1::CAMERA_LEFT;
    case Camera::kRight:
      return ruyi::v1::CAMERA_RIGHT;
    case Camera::kUp:
      return ruyi::v1::CAMERA_UP;
    case Camera::kDown:
      return ruyi::v1::CAMERA_DOWN;
    case Camera::kAuto:
      break;
  }
  return ruyi::v1::CAMERA_AUTO;
}

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

ruyi::v1::VideoSettings SettingsOf(const GenerationPlan& plan) {
  ruyi::v1::VideoSettings settings;
  settings.mutable_size()->set_width(plan.size.width);
  settings.mutable_size()->set_height(plan.size.height);
  settings.set_frame_count(plan.frame_count);
  settings.set_frames_per_second(plan.frames_per_second);
  settings.set_camera(ToProto(plan.camera));
  if (plan.motion.has_value())
    settings.set_motion(*plan.motion);
  settings.set_sampler(ToProto(plan.sampler));
  settings.set_steps(plan.steps);
  settings.set_guidance_scale(plan.guidance_scale);
  settings.set_seed(plan.seed);
  settings.set_guidance_rescale(plan.guidance_rescale);
  settings.set_clip_apply_ratio(plan.clip_apply_ratio);
  *settings.mutable_acceleration() = AccelerationOf(plan);
  if (plan.vae_tiling.has_value())
    settings.mutable_memory()->set_vae_tiling(*plan.vae_tiling);
  return settings;
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
    video.mutable_result()->set_size_bytes(event.file.size_bytes);
    video.mutable_result()->set_sha256(event.file.sha256);
    *video.mutable_result()->mutable_duration() =
        ruyi::ToProto(absl::Seconds(job.plan.frame_count) / job.plan.frames_per_second);
    video.mutable_result()->mutable_skipped_steps()->Add(event.skipped_steps.begin(), event.skipped_steps.end());
    *video.mutable_usage()->mutable_queued() = ruyi::ToProto(event.queued);
    *video.mutable_usage()->mutable_conditioning() = ruyi::ToProto(event.conditioning);
    *video.mutable_usage()->mutable_denoising() = ruyi::ToProto(event.denoising);
    *video.mutable_usage()->mutable_decoding() = ruyi::ToProto(event.decoding);
  }

  void operator()(const JobFailed& event) { *proto.mutable_failed()->mutable_status() = ruyi::ToProto(event.status); }
};

}  // namespace

ruyi::v1::Video ToProto(const Job& job) {
  ruyi::v1::Video video;
  video.set_name(absl::StrCat("videos/", job.id));
  *video.mutable_create_time() = ToProto(job.accepted_at);
  *video.mutable_settings() = SettingsOf(job.plan);
  return video;
}

ruyi::v1::VideoEvent ToProto(const Job& job, JobEvent event) {
  ruyi::v1::VideoEvent proto;
  std::visit(EventFiller{job, proto}, event);
  return proto;
}

}  // namespace ruyi
