// The noise that a golden case recorded, instead of a seed's. Before it: the case's file. After it: RuyiPipeline::Run.
// Not thread-safe.
#pragma once

#include <deque>
#include <map>

#include "core/tensor/noise_source.h"
#include "core/weights/safetensors_file.h"

namespace ruyi::golden {

class InjectedNoise final : public NoiseSource {
 public:
  // Reads what `file` has of in.init_noise, in.mask_noise, in.image_noise and in.step_noises [calls, ...].
  static absl::StatusOr<InjectedNoise> Read(const SafetensorsFile& file);

  // FAILED_PRECONDITION: there is none left for `purpose`, or it has another shape.
  absl::StatusOr<at::Tensor> Normal(NoisePurpose purpose, at::IntArrayRef shape) override;

 private:
  std::map<NoisePurpose, std::deque<at::Tensor>> recorded_;
};

}  // namespace ruyi::golden
