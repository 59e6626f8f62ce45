// Gives every random number of a request. Before it: the spec's seed. After it: core/pipeline/ruyi, which draws from
// it. A server uses RandomStreams; a parity run injects recorded numbers. Not thread-safe; each request has its own.
#pragma once

#include <ATen/core/Tensor.h>

#include "absl/status/statusor.h"
#include "core/tensor/tensor_state.h"

namespace ruyi {

// Says what noise is for. Each purpose has its own stream, so that drawing for one never shifts another.
enum class NoisePurpose { kInitialLatents, kMaskPosterior, kImagePosterior, kStepNoise };

class NoiseSource {
 public:
  virtual ~NoiseSource() = default;

  // Returns the next standard normal numbers of `purpose`: float32, `shape`, on the CPU. An error means that the source
  // has none of that shape.
  virtual absl::StatusOr<at::Tensor> Normal(NoisePurpose purpose, at::IntArrayRef shape) = 0;

  // Save returns where every stream stands, and Restore goes on from there: the source then draws what the saved source
  // would have drawn next. Restore returns FAILED_PRECONDITION for a state that is not that of such a source, which
  // then draws as before. A source that does not override them saves nothing and refuses to restore.
  virtual TensorState Save() const { return {}; }
  virtual absl::Status Restore(const TensorState& /*state*/) {
    return absl::FailedPreconditionError("this source of noise cannot be restored: begin the run anew");
  }
};

}  // namespace ruyi
