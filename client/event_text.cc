#include "client/event_text.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "client/choices.h"
#include "client/seconds.h"

namespace ruyi::client {

namespace {

// Returns the video's name, `state` and what it is made with.
std::string VideoText(const v1::Video& video, const std::string& state) {
  const std::string text = absl::StrFormat("%s %s: %s, %d steps", video.name(), state, SettingsText(video.settings()),
                                           video.settings().steps());
  if (!video.has_plan())
    return text;
  return absl::StrFormat("%s; %s", text, PlanText(video.plan()));
}

// Returns what making the video took.
std::vector<std::string> UsageTexts(const v1::Video& video) {
  const v1::VideoUsage& usage = video.usage();
  const absl::Duration work =
      DurationOf(usage.conditioning()) + DurationOf(usage.denoising()) + DurationOf(usage.decoding());
  std::vector<std::string> parts = {absl::StrCat("made in ", DurationText(work))};
  if (const std::string skipped = SkippedText(video.result().skipped_steps_size()); !skipped.empty())
    parts.push_back(skipped);
  if (usage.peak_mib() > 0)
    parts.push_back(absl::StrFormat("peak %d MiB", usage.peak_mib()));
  if (usage.retries() > 0)
    parts.push_back(absl::StrFormat(usage.retries() == 1 ? "%d retry" : "%d retries", usage.retries()));
  if (usage.resumes() > 0)
    parts.push_back(absl::StrFormat(usage.resumes() == 1 ? "%d resume" : "%d resumes", usage.resumes()));
  return parts;
}

}  // namespace

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

std::string SettingsText(const v1::VideoSettings& settings) {
  return absl::StrFormat("%dx%d, %d frames, seed %d", settings.size().width(), settings.size().height(),
                         settings.frame_count(), settings.seed());
}

std::string ModeText(const v1::MemoryMode& mode) {
  return absl::StrFormat("%d blocks, %d states%s%s", mode.resident_blocks(), mode.resident_states(),
                         mode.branches_in_turn() ? ", branches in turn" : "",
                         mode.autoencoder_in_slabs() ? ", autoencoder in slabs" : "");
}

std::string PlanText(const v1::MemoryPlan& plan) {
  return absl::StrFormat("%s, %d MiB, about %s", ModeText(plan.mode()), plan.predicted_mib(),
                         DurationTextOf(plan.predicted_time()));
}

std::string AcceptedText(const v1::Video& video) {
  return VideoText(video, "accepted");
}

std::string RetryText(const v1::VideoRetry& retry) {
  return absl::StrFormat("out of memory: goes on with %s", ModeText(retry.to()));
}

std::string QueuedText(const v1::VideoQueued& queued) {
  std::string text =
      queued.position() == 0 ? "queued: next" : absl::StrFormat("queued: %d before this one", queued.position());
  if (DurationOf(queued.expected_wait()) >= absl::Seconds(1))
    absl::StrAppendFormat(&text, ", about %s", DurationTextOf(queued.expected_wait()));
  return text + (queued.paused() ? "; the queue is paused" : "");
}

std::string StartedText(const v1::VideoStarted& started) {
  return started.attempt() > 1 ? absl::StrFormat("attempt %d of %s", started.attempt(), started.worker()) : "";
}

std::string ResumedText(const v1::VideoResumed& resumed) {
  return absl::StrFormat("goes on after step %d", resumed.step());
}

std::string CancellingText(const v1::VideoCancelling& cancelling) {
  return absl::StrFormat("is being cancelled: %s", cancelling.status().message());
}

std::string NewsText(const v1::VideoEvent& event) {
  switch (event.event_case()) {
    case v1::VideoEvent::kAccepted:
      return AcceptedText(event.accepted().video());
    case v1::VideoEvent::kStarted:
      return StartedText(event.started());
    case v1::VideoEvent::kResumed:
      return ResumedText(event.resumed());
    case v1::VideoEvent::kRetry:
      return RetryText(event.retry());
    case v1::VideoEvent::kCancelling:
      return CancellingText(event.cancelling());
    default:
      return "";
  }
}

std::string SkippedText(int count) {
  if (count == 0)
    return "";
  return count == 1 ? "1 step skipped" : absl::StrFormat("%d steps skipped", count);
}

std::string SummaryText(const std::string& path, const v1::Video& video) {
  std::vector<std::string> parts = {absl::StrFormat("%s: %d bytes", path, video.result().size_bytes()),
                                    SettingsText(video.settings())};
  if (!video.result().reused_from().empty()) {
    parts.push_back(absl::StrCat("the bytes of ", video.result().reused_from()));
    return absl::StrJoin(parts, ", ");
  }
  const std::vector<std::string> usage = UsageTexts(video);
  parts.insert(parts.end(), usage.begin(), usage.end());
  return absl::StrJoin(parts, ", ");
}

}  // namespace ruyi::client
