// The words of the displays for events. Before it: an event. After it: TerminalProgress, PlainProgress, the summary.
// Pure; thread-safe.
#pragma once

#include <string>

#include "ruyi/v1/video_event.pb.h"

namespace ruyi::client {

// "denoising".
std::string PhaseText(v1::Phase phase);

// "0:41", "1:02:03".
std::string ClockText(const google::protobuf::Duration& duration);

// "768x512, 120 frames, seed 7".
std::string SettingsText(const v1::VideoSettings& settings);

// "20 blocks, 5 states", "0 blocks, 1 states, branches in turn".
std::string ModeText(const v1::MemoryMode& mode);

// "videos/1 accepted: 768x512, 120 frames, seed 7, 25 steps; 20 blocks, 5 states, 22893 MiB, about 1:03".
std::string AcceptedText(const v1::Video& video);

// "queued: 2 before this one".
std::string QueuedText(const v1::VideoQueued& queued);

// "out of memory: goes on with 10 blocks, 5 states".
std::string RetryText(const v1::VideoRetry& retry);

// "5 steps skipped"; empty for none.
std::string SkippedText(int count);

// "film.mp4: 1234 bytes, 768x512, 120 frames, seed 7, made in 61.2 s, 5 steps skipped, peak 22893 MiB, 1 retry".
std::string SummaryText(const std::string& path, const v1::Video& video);

}  // namespace ruyi::client
