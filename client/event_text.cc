#include "client/event_text.h"

#include <google/protobuf/util/time_util.h>

#include <vector>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "client/seconds.h"

namespace ruyi::client {

std::string PhaseText(v1::Phase phase) {
  switch (phase) {
    case v1::PHASE_CONDITIONING:
      return "conditioning";
    case v1::PHASE_DENOISING:
      return "denoising";
    case v1::PHASE_DECODING:
      return "decoding";
    default:
      return "working";
  }
}

std::string ClockText(const google::protobuf::Duration& duration) {
  const int64_t seconds = google::protobuf::util::TimeUtil::DurationToSeconds(duration);
  if (seconds >= 3600)
    return absl::StrFormat("%d:%02d:%02d", seconds / 3600, seconds / 60 % 60, seconds % 60);
  return absl::StrFormat("%d:%02d", seconds / 60, seconds % 60);
}

std::string SettingsText(const v1::VideoSettings& settings) {
  return absl::StrFormat("%dx%d, %d frames, seed %d", settings.size().width(), settings.size().height(),
                         settings.frame_count(), settings.seed());
}

std::string ModeText(const v1::MemoryMode& mode) {
  return absl::StrFormat("%d blocks, %d states%s", mode.resident_blocks(), mode.resident_states(),
                         mode.branches_in_turn() ? ", branches in turn" : "");
}

std::string AcceptedText(const v1::Video& video) {
  const std::string text = absl::StrFormat("%s accepted: %s, %d steps", video.name(), SettingsText(video.settings()),
                                           video.settings().steps());
  if (!video.has_plan())
    return text;
  const v1::MemoryPlan& plan = video.plan();
  return absl::StrFormat("%s; %s, %d MiB, about %s", text, ModeText(plan.mode()), plan.predicted_mib(),
                         ClockText(plan.predicted_time()));
}

std::string RetryText(const v1::VideoRetry& retry) {
  return absl::StrFormat("out of memory: goes on with %s", ModeText(retry.to()));
}

std::string QueuedText(const v1::VideoQueued& queued) {
  return queued.position() == 0 ? "queued: next" : absl::StrFormat("queued: %d before this one", queued.position());
}

std::string SkippedText(int count) {
  if (count == 0)
    return "";
  return count == 1 ? "1 step skipped" : absl::StrFormat("%d steps skipped", count);
}

std::string SummaryText(const std::string& path, const v1::Video& video) {
  const v1::VideoUsage& usage = video.usage();
  const double work_s = SecondsOf(usage.conditioning()) + SecondsOf(usage.denoising()) + SecondsOf(usage.decoding());
  std::vector<std::string> parts = {absl::StrFormat("%s: %d bytes", path, video.result().size_bytes()),
                                    SettingsText(video.settings()), absl::StrFormat("made in %.1f s", work_s)};
  if (const std::string skipped = SkippedText(video.result().skipped_steps_size()); !skipped.empty())
    parts.push_back(skipped);
  if (usage.peak_mib() > 0)
    parts.push_back(absl::StrFormat("peak %d MiB", usage.peak_mib()));
  if (usage.retries() > 0)
    parts.push_back(absl::StrFormat(usage.retries() == 1 ? "%d retry" : "%d retries", usage.retries()));
  return absl::StrJoin(parts, ", ");
}

}  // namespace ruyi::client
