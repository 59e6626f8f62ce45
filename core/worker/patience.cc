#include "core/worker/patience.h"

#include "core/base/error_info.h"
#include "core/base/error_reasons.h"

namespace ruyi {

bool IsStoreAway(const absl::Status& status) {
  return absl::IsUnavailable(status) && GetErrorInfo(status).reason == reason::kStoreUnavailable;
}

}  // namespace ruyi
