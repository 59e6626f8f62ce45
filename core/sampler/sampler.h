// Leads from noise to latents: says which timesteps the model is asked about, and applies its answers to the latents.
// Before it: core/pipeline/ruyi, which makes one sampler per request and calls it in the denoise loop. Not thread-safe.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "absl/status/statusor.h"
#include "core/tensor/tensor_state.h"

namespace ruyi {

class Sampler {
 public:
  virtual ~Sampler() = default;

  // Returns the timestep of each model call, in call order; not all are whole numbers. A sampler may make more calls
  // than it was given steps.
  virtual const std::vector<double>& timesteps() const = 0;

  // Returns the factor that turns standard normal noise into the first latents.
  virtual double initial_noise_scale() const = 0;

  // Returns the model's input for call `call` (index into timesteps()): `latents` in the model's scale, of the same
  // shape.
  virtual at::Tensor ScaleInput(const at::Tensor& latents, int call) const = 0;

  // Returns the latents after call `call`, given the model's answer to it. Calls must come in order, from 0.
  // `model_output` and `latents` are float32 of one shape, which is also the result's. An error is that of the noise
  // source.
  virtual absl::StatusOr<at::Tensor> Step(const at::Tensor& model_output, int call, const at::Tensor& latents) = 0;

  // Returns what the sampler remembers from one call to the next. Noise and latents are not part of it: they belong to
  // the noise source and to the loop. A sampler that remembers nothing need not override it.
  virtual TensorState Save() const { return {}; }

  // Goes on before call `call`, given what a sampler of the same kind, configuration and steps saved there, as if it
  // had made the calls before. `latents` are those that the call is for; tensors go to their device.
  // FAILED_PRECONDITION: the state is not that of such a sampler at that call; the sampler is then as before.
  virtual absl::Status Restore(const TensorState& state, int call, const at::Tensor& latents);
};

}  // namespace ruyi
