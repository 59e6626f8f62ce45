// Weights in 8 bits as core/request and as the contract have them. Functions without state; thread-safe.
#pragma once

#include <ruyi/v1/video.pb.h>

#include <optional>
#include <vector>

#include "core/base/error_info.h"
#include "core/request/generation_request.h"

namespace ruyi {

// Without a type for the mode NONE, which has none.
ruyi::v1::Fp8 ToProto(const Fp8Settings& settings);

// Of acceleration.fp8; nullopt for FP8_MODE_UNSPECIFIED. Numbers that the contract does not know are added to
// `unreadable`.
std::optional<Fp8Settings> FromProto(const ruyi::v1::Fp8& proto, std::vector<FieldViolation>& unreadable);

// The modes that a request may ask for when the weights are `loaded` so: all that there are, or the loaded one.
std::vector<ruyi::v1::Fp8Mode> ModesBeside(const Fp8Settings& loaded);

}  // namespace ruyi
