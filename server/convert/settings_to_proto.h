// Turns a spec into the settings that callers are told. Before it: core/plan. After it: event_to_proto.h,
// estimate_to_proto.h. A function without state; thread-safe.
#pragma once

#include <ruyi/v1/video.pb.h>

#include "core/plan/video_spec.h"

namespace ruyi {

// Returns the settings that the video is made with, without its memory mode.
ruyi::v1::VideoSettings SettingsOf(const VideoSpec& spec);

}  // namespace ruyi
