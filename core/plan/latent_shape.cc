#include "core/plan/latent_shape.h"

namespace ruyi {

LatentShape LatentsOf(const PixelSize& size, int frame_count, const LatentGeometry& geometry) {
  return {.channels = geometry.channels,
          .frames = frame_count / geometry.frames_per_chunk * geometry.latents_per_chunk,
          .height = size.height / geometry.spatial_scale,
          .width = size.width / geometry.spatial_scale};
}

}  // namespace ruyi
