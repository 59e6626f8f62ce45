// Validate with fakes for pictures and LoRAs. Functions without state; thread-safe.
#pragma once

#include <vector>

#include "core/base/error_info.h"
#include "core/request/validate.h"
#include "tests/support/fake_image_decoder.h"
#include "tests/support/fake_lora_catalog.h"

namespace ruyi {

// There are two LoRAs, "film" and one that is "broken".
inline absl::StatusOr<ValidatedRequest> ValidateWith(const GenerationRequest& request,
                                                     const RequestLimits& limits = {}) {
  return Validate(request, limits, FakeImageDecoder(), FakeLoraCatalog({"film", "broken"}, "broken"));
}

inline std::vector<FieldViolation> ViolationsOf(const GenerationRequest& request, const RequestLimits& limits = {}) {
  return GetErrorInfo(ValidateWith(request, limits).status()).field_violations;
}

}  // namespace ruyi
