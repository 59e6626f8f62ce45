#include "tests/golden/injected_noise.h"

#include <ATen/core/TensorBody.h>

#include <utility>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "core/base/status_macros.h"

namespace ruyi::golden {

absl::StatusOr<InjectedNoise> InjectedNoise::Read(const SafetensorsFile& file) {
  constexpr std::pair<const char*, NoisePurpose> kNames[] = {{"in.init_noise", NoisePurpose::kInitialLatents},
                                                             {"in.mask_noise", NoisePurpose::kMaskPosterior},
                                                             {"in.image_noise", NoisePurpose::kImagePosterior}};
  InjectedNoise noise;
  for (const auto& [name, purpose] : kNames) {
    if (!file.entries().contains(name))
      continue;
    RUYI_ASSIGN_OR_RETURN(const at::Tensor tensor, file.Get(name));
    noise.recorded_[purpose] = {tensor};
  }
  if (file.entries().contains("in.step_noises")) {
    RUYI_ASSIGN_OR_RETURN(const at::Tensor steps, file.Get("in.step_noises"));
    for (int64_t call = 0; call < steps.size(0); ++call)
      noise.recorded_[NoisePurpose::kStepNoise].push_back(steps[call]);
  }
  return noise;
}

absl::StatusOr<at::Tensor> InjectedNoise::Normal(NoisePurpose purpose, at::IntArrayRef shape) {
  std::deque<at::Tensor>& left = recorded_[purpose];
  if (left.empty())
    return absl::FailedPreconditionError("the case has no noise left of this purpose");
  const at::Tensor noise = left.front();
  left.pop_front();
  if (noise.sizes() != shape) {
    return absl::FailedPreconditionError(absl::StrFormat("the case's noise has shape [%s], [%s] is asked for",
                                                         absl::StrJoin(noise.sizes(), ", "),
                                                         absl::StrJoin(shape, ", ")));
  }
  return noise;
}

}  // namespace ruyi::golden
