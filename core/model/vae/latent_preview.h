// Makes a cheap picture of latents while they are being denoised: each latent pixel's colour is a fixed linear function
// of its channels, which takes the decoder's place. Before it: the autoencoder, which the function is fitted to;
// latents of a step. After it: step_preview.h. Immutable; thread-safe.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "absl/status/statusor.h"
#include "core/model/vae/vae.h"

namespace ruyi {

class LatentPreview {
 public:
  // Finds the function whose colours come closest, by least squares, to the mean colours of pictures that `vae`
  // encodes: patches, gradients and textures that are always the same. Blocks while they are encoded. INTERNAL:
  // encoding or solving failed.
  static absl::StatusOr<LatentPreview> Fit(const Vae& vae);

  // Returns frame `frame` of `latents` [1, channels, f, h, w], in the transformer's scale, as [height, width, 3] uint8
  // on the CPU, contiguous. `width` is at least 1; the height keeps the shape of the latents' picture. Blocks until the
  // latents' device has computed it: 0.4 ms for 12 × 20 latents on one thread, where a step of them takes 230. Throws
  // as ATen does; callers stand behind GuardExceptions.
  at::Tensor Render(const at::Tensor& latents, int64_t frame, int64_t width) const;

 private:
  LatentPreview(at::Tensor weights, at::Tensor bias);

  at::Tensor weights_;  // [3, channels] float32 on the device of the autoencoder
  at::Tensor bias_;     // [3, 1]
};

}  // namespace ruyi
