// The sampler that a golden case names. Functions without state; thread-safe.
#pragma once

#include <nlohmann/json.hpp>

#include "absl/status/statusor.h"
#include "core/request/generation_request.h"

namespace ruyi::golden {

// params.scheduler, by the reference's names. FAILED_PRECONDITION: absent or unknown.
absl::StatusOr<SamplerKind> ReadSamplerKind(const nlohmann::json& params);

}  // namespace ruyi::golden
