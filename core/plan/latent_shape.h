// Computes the shape of the latents that pixels and frames become. Before it: the loaded model. After it: core/plan,
// core/pipeline. Values.
#pragma once

#include "core/media/pixel_size.h"

namespace ruyi {

// Says how pixels and frames map to latents, which is a fact of the loaded model.
struct LatentGeometry {
  int spatial_scale = 8;      // pixels per latent, both ways
  int frames_per_chunk = 8;   // pixel frames that the VAE encodes at once
  int latents_per_chunk = 2;  // latent frames that one chunk becomes
  int channels = 16;
};

struct LatentShape {
  int channels = 0;
  int frames = 0;
  int height = 0;
  int width = 0;
  friend bool operator==(const LatentShape&, const LatentShape&) = default;
};

// Returns the shape of a video's latents; `frame_count` is a multiple of the chunk, the sides are multiples of the
// scale.
LatentShape LatentsOf(const PixelSize& size, int frame_count, const LatentGeometry& geometry);

}  // namespace ruyi
