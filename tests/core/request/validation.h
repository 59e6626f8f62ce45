// Calls Validate with fakes for pictures and LoRAs. Functions without state; thread-safe.
#pragma once

#include <string>
#include <vector>

#include "core/base/error_info.h"
#include "core/request/validate.h"
#include "tests/support/fake_image_decoder.h"
#include "tests/support/fake_lora_catalog.h"

namespace ruyi {

// There are two LoRAs, "film" and one that is "broken".
inline absl::StatusOr<ValidatedRequest> ValidateWith(const GenerationRequest& request, const RequestLimits& limits = {},
                                                     const CancellationToken& token = {}) {
  return Validate(request, limits, FakeImageDecoder(), FakeLoraCatalog({"film", "broken"}, "broken"), token);
}

// Returns pictures by the texts that FakeImageDecoder reads.
inline std::vector<PictureSource> Pictures(const std::vector<std::string>& texts) {
  std::vector<PictureSource> pictures;
  for (const std::string& text : texts)
    pictures.push_back({.data = text, .upload = ""});
  return pictures;
}

inline std::vector<FieldViolation> ViolationsOf(const GenerationRequest& request, const RequestLimits& limits = {}) {
  return GetErrorInfo(ValidateWith(request, limits).status()).field_violations;
}

}  // namespace ruyi
