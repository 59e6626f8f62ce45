#include "core/pipeline/ruyi/not_finite.h"

#include "absl/strings/str_format.h"
#include "core/base/error_info.h"
#include "core/base/error_reasons.h"

namespace ruyi {

absl::Status NotFinite(std::string_view what) {
  return ErrorWithReason(
      absl::StatusCode::kInternal,
      absl::StrFormat("%s that are not finite: a number overflowed while computing; leave out LoRAs or "
                      "take less of their strength, lower guidance_scale, or take another seed",
                      what),
      reason::kNotFinite);
}

}  // namespace ruyi
