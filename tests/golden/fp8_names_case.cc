// Kind fp8_names: the file lists the parameters that a float8 mode converts.
#include "tests/golden/case_registry.h"

namespace ruyi::golden {

absl::StatusOr<std::vector<CaseOutput>> RunFp8NamesCase(const CaseInput& /*input*/) {
  return NotBuilt("float8");
}

}  // namespace ruyi::golden
