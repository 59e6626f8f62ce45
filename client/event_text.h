// Puts events into words for the displays. Before it: an event. After it: TerminalProgress, PlainProgress, the summary.
// Pure; thread-safe.
#pragma once

#include <string>

#include "ruyi/v1/video_event.pb.h"

namespace ruyi::client {

// Returns a text such as "denoising".
std::string PhaseText(v1::Phase phase);

// Returns a text such as "768x512, 120 frames, seed 7".
std::string SettingsText(const v1::VideoSettings& settings);

// Returns a text such as "20 blocks, 5 states" or "0 blocks, 1 states, branches in turn".
std::string ModeText(const v1::MemoryMode& mode);

// Returns a text such as "20 blocks, 5 states, 22893 MiB, about 1:03".
std::string PlanText(const v1::MemoryPlan& plan);

// Returns a text such as "videos/1 accepted: 768x512, 120 frames, seed 7, 25 steps; 20 blocks, 5 states, 22893 MiB,
// about 1:03".
std::string AcceptedText(const v1::Video& video);

// "queued: 2 before this one, about 1:03", "queued: next; the queue is paused".
std::string QueuedText(const v1::VideoQueued& queued);

// Returns a text such as "out of memory: goes on with 10 blocks, 5 states".
std::string RetryText(const v1::VideoRetry& retry);

// Returns a text such as "attempt 2 of cuda:0"; empty for the first, which needs no words.
std::string StartedText(const v1::VideoStarted& started);

// Returns a text such as "goes on after step 12".
std::string ResumedText(const v1::VideoResumed& resumed);

// Returns a text such as "is being cancelled: the caller asked for it".
std::string CancellingText(const v1::VideoCancelling& cancelling);

// Returns the line that a display keeps of an event, one of the texts above; empty when the event is news only for a
// moment.
std::string NewsText(const v1::VideoEvent& event);

// Returns a text such as "5 steps skipped"; empty for none.
std::string SkippedText(int count);

// Returns a text such as "film.mp4: 1234 bytes, 768x512, 120 frames, seed 7, made in 61.2 s, 5 steps skipped, peak
// 22893 MiB, 1 retry", or "…, seed 7, the bytes of videos/3" when the bytes were made for another request.
std::string SummaryText(const std::string& path, const v1::Video& video);

}  // namespace ruyi::client
