// Converts the settings of weights in 8 bits between core/request and the contract. Functions without state;
// thread-safe.
#pragma once

#include <ruyi/v1/video.pb.h>

#include <optional>
#include <vector>

#include "core/base/error_info.h"
#include "core/request/generation_request.h"

namespace ruyi {

// Returns the message; the mode NONE has neither type nor arithmetic.
ruyi::v1::Fp8 ToProto(const Fp8Settings& settings);

// Returns the settings in acceleration.fp8; nullopt for FP8_MODE_UNSPECIFIED. Adds a violation to `unreadable` for each
// number that the contract does not know.
std::optional<Fp8Settings> FromProto(const ruyi::v1::Fp8& proto, std::vector<FieldViolation>& unreadable);

// Returns the modes that a request may ask for when the weights were loaded as `loaded` says: all modes, or the loaded
// one.
std::vector<ruyi::v1::Fp8Mode> ModesBeside(const Fp8Settings& loaded);

}  // namespace ruyi
