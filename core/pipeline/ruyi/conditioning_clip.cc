#include "core/pipeline/ruyi/conditioning_clip.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/full.h>

#include "core/pipeline/ruyi/image_tensor.h"

namespace ruyi {

at::Tensor ConditioningClip::Pictures(int64_t begin, int64_t count) const {
  const RgbImage& first = images.front();
  at::Tensor pictures = at::full({1, 3, count, first.height, first.width}, -1.0, at::kFloat);
  for (int64_t i = 0; i < count; ++i) {
    if (const int image = frames[begin + i]; image != kUnknown)
      pictures.select(2, i).copy_(TensorOf(images[image]).to(at::kFloat) / 255 * 2 - 1);
  }
  return pictures;
}

at::Tensor ConditioningClip::Mask(int64_t begin, int64_t count) const {
  const RgbImage& first = images.front();
  at::Tensor mask = at::full({1, 3, count, first.height, first.width}, 1.0, at::kFloat);
  for (int64_t i = 0; i < count; ++i) {
    if (frames[begin + i] != kUnknown)
      mask.select(2, i).zero_();
  }
  return mask;
}

ConditioningClip MakeConditioningClip(const VideoSpec& spec, const std::vector<RgbImage>& pictures) {
  ConditioningClip clip = {.images = pictures, .frames = {}};
  clip.frames.assign(spec.frame_count, ConditioningClip::kUnknown);
  const int starts = static_cast<int>(spec.start_pictures.size());
  const int ends = static_cast<int>(spec.end_pictures.size());
  for (int i = 0; i < starts; ++i)
    clip.frames[i] = i;
  for (int i = 0; i < ends; ++i)
    clip.frames[spec.frame_count - ends + i] = starts + i;
  return clip;
}

}  // namespace ruyi
