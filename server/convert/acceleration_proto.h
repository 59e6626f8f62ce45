// Converts the settings that change the transformer or save its steps between core and the contract. Before it:
// request_from_proto.h, or a spec. After it: core/request/validate, or event_to_proto.h. Functions without state;
// thread-safe.
#pragma once

#include <ruyi/v1/video.pb.h>

#include "core/plan/video_spec.h"
#include "core/request/generation_request.h"
#include "core/request/quality_profile.h"

namespace ruyi {

// Fills in fp8, loras, tea_cache, enhance, easy_cache and guidance_gate of `request`, and adds violations for values
// that cannot be read. An absent number becomes the default of its struct.
void FillAcceleration(const ruyi::v1::Acceleration& proto, GenerationRequest& request);

// Fills in what a profile has.
void FillProfile(const QualityProfile& profile, ruyi::v1::Acceleration& proto);

// Returns the acceleration that the video is made with; whatever is off is absent, but for fp8.
ruyi::v1::Acceleration AccelerationOf(const VideoSpec& spec);

}  // namespace ruyi
