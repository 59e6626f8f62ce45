// Kind rng: a generator with params.seed draws params.shape → out.randn.
#include "core/base/status_macros.h"
#include "core/json/json_file.h"
#include "core/tensor/random_streams.h"
#include "tests/golden/case_registry.h"

namespace ruyi::golden {

absl::StatusOr<std::vector<CaseOutput>> RunRngCase(const CaseInput& input) {
  RUYI_ASSIGN_OR_RETURN(const SafetensorsFile file, SafetensorsFile::Open(input.golden.file));
  RUYI_ASSIGN_OR_RETURN(const int64_t seed, GetInt(input.golden.params, "seed"));
  RUYI_ASSIGN_OR_RETURN(const std::vector<int64_t> shape, GetIntList(input.golden.params, "shape"));
  RandomStreams streams(static_cast<uint64_t>(seed));
  RUYI_ASSIGN_OR_RETURN(const at::Tensor noise, streams.Normal(NoisePurpose::kInitialLatents, shape));
  return PairOutputs(input, file, {{"out.randn", noise}});
}

}  // namespace ruyi::golden
