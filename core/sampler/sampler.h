// From noise to latents: which timesteps the model is asked about, and what its answers do to the latents. Before it:
// core/pipeline/ruyi, which makes one sampler per request and calls it in the denoise loop. Not thread-safe.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "absl/status/statusor.h"

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
};

}  // namespace ruyi
