// In what way a shape is computed. Before it: flags. After it: the benches. A value.
#pragma once

#include <string_view>

#include "absl/status/statusor.h"
#include "core/model/dit/dit.h"

namespace ruyi::bench {

struct BenchMode {
  bool is_guided = true;  // both branches of guidance
  DitMemory memory;
};

// "guided" or "plain", and then what does not lie on the device: "guided+blocks=10" keeps 10 blocks there,
// "guided+states=5" keeps 5 states of skip connections; both may be given. INVALID_ARGUMENT: anything else.
absl::StatusOr<BenchMode> ParseMode(std::string_view text);

}  // namespace ruyi::bench
