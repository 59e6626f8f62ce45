// Where every random number of a request comes from. Before it: the plan's seed. After it: core/pipeline/ruyi, which
// draws from it; RandomStreams is what a server uses, a parity run injects recorded numbers. Not thread-safe; one per
// request.
#pragma once

#include <ATen/core/Tensor.h>

#include "absl/status/statusor.h"
#include "core/tensor/tensor_state.h"

namespace ruyi {

// What noise is for. Each purpose has its own stream, so that drawing for one never shifts another.
enum class NoisePurpose { kInitialLatents, kMaskPosterior, kImagePosterior, kStepNoise };

class NoiseSource {
 public:
  virtual ~NoiseSource() = default;

  // The next standard normal numbers of `purpose`: float32, `shape`, on the CPU. An error means that the source has
  // none of that shape.
  virtual absl::StatusOr<at::Tensor> Normal(NoisePurpose purpose, at::IntArrayRef shape) = 0;

  // Where every stream stands, and going on from there: what is drawn then is what the saved source would draw next.
  // Restore returns FAILED_PRECONDITION for a state that is not one of such a source, and draws as before then. A
  // source that says nothing about them cannot go on: it saves nothing and refuses to restore.
  virtual TensorState Save() const { return {}; }
  virtual absl::Status Restore(const TensorState& /*state*/) {
    return absl::FailedPreconditionError("this source of noise cannot be restored: begin the run anew");
  }
};

}  // namespace ruyi
