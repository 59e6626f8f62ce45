// The noise that a golden case recorded, instead of a seed's. Before it: the case's file. After it: RuyiPipeline::Run.
// Not thread-safe.
#pragma once

#include <map>

#include "core/tensor/noise_source.h"
#include "core/weights/safetensors_file.h"

namespace ruyi::golden {

class InjectedNoise final : public NoiseSource {
 public:
  // NOT_FOUND: `file` lacks in.init_noise, in.mask_noise or in.image_noise.
  static absl::StatusOr<InjectedNoise> Read(const SafetensorsFile& file);

  // FAILED_PRECONDITION: there is none for `purpose`, or it has another shape.
  absl::StatusOr<at::Tensor> Normal(NoisePurpose purpose, at::IntArrayRef shape) override;

 private:
  std::map<NoisePurpose, at::Tensor> recorded_;
};

}  // namespace ruyi::golden
