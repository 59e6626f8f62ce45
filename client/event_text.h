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

// "videos/1 accepted: 768x512, 120 frames, seed 7, 25 steps".
std::string AcceptedText(const v1::Video& video);

// "queued: 2 before this one".
std::string QueuedText(const v1::VideoQueued& queued);

// "5 steps skipped"; empty for none.
std::string SkippedText(int count);

// "film.mp4: 1234 bytes, 768x512, 120 frames, seed 7, made in 61.2 s, 5 steps skipped".
std::string SummaryText(const std::string& path, const v1::Video& video);

}  // namespace ruyi::client
