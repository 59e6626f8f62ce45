// How a case names an FP8 mode: {"mode": "lite", "strong" or "extreme", "dtype": "e4m3fn" (the default) or "e5m2"}.
// Thread-safe.
#pragma once

#include <nlohmann/json.hpp>

#include "absl/status/statusor.h"
#include "core/request/generation_request.h"

namespace ruyi::golden {

// FAILED_PRECONDITION: another word. Errors: those of GetString.
absl::StatusOr<Fp8Settings> ReadFp8Settings(const nlohmann::json& params);

}  // namespace ruyi::golden
