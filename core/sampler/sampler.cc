#include "core/sampler/sampler.h"

namespace ruyi {

absl::Status Sampler::Restore(const TensorState& state, int /*call*/, const at::Tensor& /*latents*/) {
  return state.CheckCount(0);
}

}  // namespace ruyi
