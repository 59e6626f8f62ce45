#include "server/convert/video_to_proto.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "core/base/error_info.h"
#include "core/plan/admission.h"
#include "server/convert/memory_proto.h"
#include "server/convert/sampler_proto.h"
#include "server/convert/settings_to_proto.h"
#include "server/convert/status_to_grpc.h"
#include "server/convert/time_to_proto.h"

namespace ruyi {
namespace {

constexpr absl::string_view kPrefix = "videos/";

constexpr std::pair<JobState, ruyi::v1::VideoState> kStates[] = {
    {JobState::kQueued, ruyi::v1::VIDEO_STATE_QUEUED},         {JobState::kRunning, ruyi::v1::VIDEO_STATE_RUNNING},
    {JobState::kCancelling, ruyi::v1::VIDEO_STATE_CANCELLING}, {JobState::kSucceeded, ruyi::v1::VIDEO_STATE_SUCCEEDED},
    {JobState::kFailed, ruyi::v1::VIDEO_STATE_FAILED},         {JobState::kCancelled, ruyi::v1::VIDEO_STATE_CANCELLED},
    {JobState::kExpired, ruyi::v1::VIDEO_STATE_EXPIRED},
};

ruyi::v1::VideoState StateOf(JobState state) {
  for (const auto& [ours, proto] : kStates) {
    if (ours == state)
      return proto;
  }
  return ruyi::v1::VIDEO_STATE_UNSPECIFIED;
}

ruyi::v1::Priority PriorityOf(Priority priority) {
  return static_cast<ruyi::v1::Priority>(static_cast<int>(priority) + ruyi::v1::PRIORITY_LOW);
}

ruyi::v1::Phase PhaseOf(Phase phase) {
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

ruyi::v1::Provenance ProvenanceOf(const JobRecord& record) {
  const Provenance& provenance = record.result->provenance;
  ruyi::v1::Provenance proto;
  proto.set_model(provenance.model);
  proto.set_model_sha256(provenance.model_sha256);
  for (const auto& [name, sha256] : provenance.loras)
    (*proto.mutable_loras())[name] = sha256;
  proto.set_build(provenance.build);
  proto.set_sampler(ToProto(record.spec.sampler));
  proto.set_seed(provenance.seed);
  if (record.usage.has_value() && record.result->reused_from.empty())
    *proto.mutable_mode() = ToProto(record.usage->report.mode);
  proto.set_device(record.result->device);
  proto.set_arithmetic(provenance.arithmetic);
  return proto;
}

ruyi::v1::VideoResult ResultOf(const JobRecord& record) {
  const VideoResult& result = *record.result;
  ruyi::v1::VideoResult proto;
  proto.set_size_bytes(result.file.size_bytes);
  proto.set_sha256(result.file.sha256);
  proto.set_frame_count(result.frame_count);
  if (result.frames_per_second > 0)
    *proto.mutable_duration() = ToProto(absl::Seconds(result.frame_count) / result.frames_per_second);
  proto.mutable_skipped_steps()->Add(result.skipped_steps.begin(), result.skipped_steps.end());
  *proto.mutable_provenance() = ProvenanceOf(record);
  if (!result.reused_from.empty())
    proto.set_reused_from(VideoNameOf(result.reused_from));
  return proto;
}

// A reused video took nothing, and was made in no mode.
ruyi::v1::VideoUsage UsageOf(const JobRecord& record) {
  ruyi::v1::VideoUsage proto;
  if (record.result.has_value() && !record.result->reused_from.empty())
    return proto;
  const VideoUsage& usage = *record.usage;
  *proto.mutable_queued() = ToProto(usage.queued);
  *proto.mutable_conditioning() = ToProto(usage.conditioning);
  *proto.mutable_denoising() = ToProto(usage.denoising);
  *proto.mutable_decoding() = ToProto(usage.decoding);
  *proto.mutable_mode() = ToProto(usage.report.mode);
  proto.set_peak_mib(MibOf(usage.report.peak_bytes));
  proto.set_retries(usage.report.retries);
  proto.set_resumes(usage.resumes);
  *proto.mutable_worked() = ToProto(usage.worked);
  return proto;
}

void FillOutcome(const JobRecord& record, ruyi::v1::Video& video) {
  if (record.start_time.has_value())
    *video.mutable_start_time() = ToProto(*record.start_time);
  if (record.end_time.has_value())
    *video.mutable_end_time() = ToProto(*record.end_time);
  if (record.expire_time.has_value())
    *video.mutable_expire_time() = ToProto(*record.expire_time);
  if (record.progress.has_value() && !IsEnded(record.state))
    *video.mutable_progress() = ToProto(*record.progress);
  if (record.result.has_value())
    *video.mutable_result() = ResultOf(record);
  if (record.usage.has_value())
    *video.mutable_usage() = UsageOf(record);
  if (!record.error.ok())
    *video.mutable_error() = ToProto(record.error);
}

}  // namespace

std::string VideoNameOf(std::string_view id) {
  return absl::StrCat(kPrefix, absl::string_view(id.data(), id.size()));
}

absl::StatusOr<std::string> IdOfVideo(const std::string& name) {
  absl::string_view id = name;
  const auto is_of_ids = [](unsigned char c) { return absl::ascii_isalnum(c) || c == '-'; };
  if (!absl::ConsumePrefix(&id, kPrefix) || id.empty() || !std::all_of(id.begin(), id.end(), is_of_ids))
    return InvalidFields({{"name", "must have the form videos/ID, as CreateVideo answers it"}});
  return std::string(id);
}

ruyi::v1::Video AcceptedVideo(const JobRecord& record, const Placement& placement) {
  ruyi::v1::Video video;
  video.set_name(VideoNameOf(record.ticket.id));
  *video.mutable_create_time() = ToProto(record.create_time);
  *video.mutable_settings() = SettingsOf(record.spec);
  *video.mutable_plan() = ToProto(placement);
  video.set_state(ruyi::v1::VIDEO_STATE_QUEUED);
  video.mutable_labels()->insert(record.ticket.labels.begin(), record.ticket.labels.end());
  video.set_request_id(record.ticket.request_id);
  video.set_priority(PriorityOf(record.ticket.priority));
  return video;
}

ruyi::v1::Video ToProto(const JobRecord& record) {
  ruyi::v1::Video video = AcceptedVideo(record, record.placement);
  video.set_state(StateOf(record.state));
  video.set_etag(absl::StrCat(record.last_seq, "-", static_cast<int>(record.state)));
  FillOutcome(record, video);
  return video;
}

ruyi::v1::Video ToProto(const PlannedVideo& planned) {
  ruyi::v1::Video video;
  *video.mutable_settings() = SettingsOf(planned.spec);
  *video.mutable_plan() = ToProto(PlacementOf(planned.admission));
  return video;
}

ruyi::v1::VideoProgress ToProto(const JobProgress& event) {
  ruyi::v1::VideoProgress proto;
  proto.set_phase(PhaseOf(event.progress.phase));
  proto.set_step(event.progress.done);
  proto.set_total(event.progress.total);
  if (event.per_unit.has_value())
    *proto.mutable_per_step() = ToProto(*event.per_unit);
  if (event.remaining.has_value())
    *proto.mutable_eta() = ToProto(*event.remaining);
  proto.mutable_skipped_steps()->Add(event.progress.skipped_steps.begin(), event.progress.skipped_steps.end());
  return proto;
}

std::optional<JobState> FromProto(ruyi::v1::VideoState state) {
  for (const auto& [ours, proto] : kStates) {
    if (proto == state)
      return ours;
  }
  return std::nullopt;
}

}  // namespace ruyi
