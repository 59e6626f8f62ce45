// From noise to latents: which timesteps the model is asked about, and what its answers do to the latents. Before it:
// core/pipeline/ruyi, which makes one sampler per request and calls it in the denoise loop. Not thread-safe.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "absl/status/statusor.h"
#include "core/tensor/tensor_state.h"

namespace ruyi {

class Sampler {
 public:
  virtual ~Sampler() = default;

  // The timestep of each model call, in call order, not always whole. A sampler may make more calls than it was given
  // steps.
  virtual const std::vector<double>& timesteps() const = 0;

  // What standard normal noise is multiplied with to become the first latents.
  virtual double initial_noise_scale() const = 0;

  // The model's input for call `call` (index into timesteps()): `latents` in the model's scale. Shape unchanged.
  virtual at::Tensor ScaleInput(const at::Tensor& latents, int call) const = 0;

  // The latents after call `call`, given the model's answer to it. Calls must come in order, from 0. `model_output` and
  // `latents` are float32 of one shape, which is also the result's. An error is that of the noise source.
  virtual absl::StatusOr<at::Tensor> Step(const at::Tensor& model_output, int call, const at::Tensor& latents) = 0;

  // What the sampler remembers from one call to the next. Noise belongs to its source, latents to the loop; a sampler
  // that remembers nothing is as it is here.
  virtual TensorState Save() const { return {}; }

  // Goes on before call `call`, given what a sampler of the same kind, configuration and steps saved there, as if it
  // had made the calls before. `latents` are those that the call is for; tensors go to their device.
  // FAILED_PRECONDITION: the state is not one of this sampler at that call, and the sampler is as before.
  virtual absl::Status Restore(const TensorState& state, int call, const at::Tensor& latents);
};

}  // namespace ruyi
