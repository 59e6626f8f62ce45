#include "core/pipeline/ruyi/step_preview.h"

#include <ATen/core/TensorBody.h>

#include "core/base/status_macros.h"
#include "core/pipeline/ruyi/image_tensor.h"

namespace ruyi {

absl::StatusOr<RgbImage> StepPreview::Picture(const Vae& vae, const at::Tensor& latents, int width) {
  if (!preview_.has_value()) {
    RUYI_ASSIGN_OR_RETURN(preview_, LatentPreview::Fit(vae));
  }
  return ImageOf(preview_->Render(latents, latents.size(2) / 2, width));
}

}  // namespace ruyi
