// Reads how a case names an FP8 mode: {"mode": "lite", "dtype": "e4m3fn"}, words of core/request/fp8_names.h; without a
// type, e4m3fn. Thread-safe.
#pragma once

#include <nlohmann/json.hpp>

#include "absl/status/statusor.h"
#include "core/request/generation_request.h"

namespace ruyi::golden {

// FAILED_PRECONDITION: another word. Errors: those of GetString.
absl::StatusOr<Fp8Settings> ReadFp8Settings(const nlohmann::json& params);

}  // namespace ruyi::golden
