// A plan → the settings that callers are told. Before it: core/plan. After it: event_to_proto.h, estimate_to_proto.h. A
// function without state; thread-safe.
#pragma once

#include <ruyi/v1/video.pb.h>

#include "core/plan/generation_plan.h"

namespace ruyi {

// What the video is made with, its memory mode apart.
ruyi::v1::VideoSettings SettingsOf(const GenerationPlan& plan);

}  // namespace ruyi
