// Makes small pictures of a video while it is being denoised. Before it: latents of a step. After it: the progress
// sink. Owned by the pipeline, which keeps it from video to video. Not thread-safe: belongs to the thread that
// computes.
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>

#include "absl/status/statusor.h"
#include "core/media/rgb_image.h"
#include "core/model/vae/latent_preview.h"
#include "core/model/vae/vae.h"

namespace ruyi {

class StepPreview {
 public:
  // Returns the middle frame of `latents` [1, channels, f, h, w] in the transformer's scale, `width` pixels wide. Waits
  // for the device once; the first time it also fits the preview to `vae`, see LatentPreview::Fit, whose errors it
  // returns. Throws as ATen does.
  absl::StatusOr<RgbImage> Picture(const Vae& vae, const at::Tensor& latents, int width);

 private:
  std::optional<LatentPreview> preview_;
};

}  // namespace ruyi
