#include "tests/golden/injected_noise.h"

#include <ATen/core/TensorBody.h>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "core/base/status_macros.h"

namespace ruyi::golden {

absl::StatusOr<InjectedNoise> InjectedNoise::Read(const SafetensorsFile& file) {
  InjectedNoise noise;
  RUYI_ASSIGN_OR_RETURN(noise.recorded_[NoisePurpose::kInitialLatents], file.Get("in.init_noise"));
  RUYI_ASSIGN_OR_RETURN(noise.recorded_[NoisePurpose::kMaskPosterior], file.Get("in.mask_noise"));
  RUYI_ASSIGN_OR_RETURN(noise.recorded_[NoisePurpose::kImagePosterior], file.Get("in.image_noise"));
  return noise;
}

absl::StatusOr<at::Tensor> InjectedNoise::Normal(NoisePurpose purpose, at::IntArrayRef shape) {
  const auto found = recorded_.find(purpose);
  if (found == recorded_.end())
    return absl::FailedPreconditionError("the case has no noise of this purpose");
  if (found->second.sizes() != shape) {
    return absl::FailedPreconditionError(absl::StrFormat("the case's noise has shape [%s], [%s] is asked for",
                                                         absl::StrJoin(found->second.sizes(), ", "),
                                                         absl::StrJoin(shape, ", ")));
  }
  return found->second;
}

}  // namespace ruyi::golden
