#include "core/pipeline/ruyi/conditioning_clip.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/full.h>

#include "core/pipeline/ruyi/image_tensor.h"
#include "core/pipeline/ruyi/pillow_resize.h"

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

ConditioningClip MakeConditioningClip(const GenerationPlan& plan) {
  ConditioningClip clip;
  clip.frames.assign(plan.frame_count, ConditioningClip::kUnknown);
  const int starts = static_cast<int>(plan.start_images.size());
  const int ends = static_cast<int>(plan.end_images.size());
  for (const std::vector<RgbImage>* images : {&plan.start_images, &plan.end_images}) {
    for (const RgbImage& image : *images)
      clip.images.push_back(ResizeLikePillow(image, plan.size));
  }
  for (int i = 0; i < starts; ++i)
    clip.frames[i] = i;
  for (int i = 0; i < ends; ++i)
    clip.frames[plan.frame_count - ends + i] = starts + i;
  return clip;
}

}  // namespace ruyi
