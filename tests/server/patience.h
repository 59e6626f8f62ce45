// Says how long a test waits for what must happen soon. Nothing waits so long unless it is about to fail. A constant.
#pragma once

#include "absl/time/time.h"

namespace ruyi {

inline constexpr absl::Duration kPatience = absl::Minutes(20);

}  // namespace ruyi
