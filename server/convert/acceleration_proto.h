// What changes the transformer or saves its steps, as core and as the contract have it. Before it:
// request_from_proto.h, or a plan. After it: core/request/validate, or event_to_proto.h. Functions without state;
// thread-safe.
#pragma once

#include <ruyi/v1/video.pb.h>

#include "core/plan/generation_plan.h"
#include "core/request/generation_request.h"

namespace ruyi {

// Fills in fp8, loras, tea_cache, enhance of `request`, and what cannot be read. An absent number is the default of its
// struct.
void FillAcceleration(const ruyi::v1::Acceleration& proto, GenerationRequest& request);

// What the video is made with; what is off is absent, but for fp8.
ruyi::v1::Acceleration AccelerationOf(const GenerationPlan& plan);

}  // namespace ruyi
