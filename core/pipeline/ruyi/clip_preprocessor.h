// Prepares a picture for the CLIP image encoder: resizes the shorter side, cuts out the centre, normalises the colours.
// Before it: the first start picture. After it: core/model/clip_vision. Immutable; thread-safe. Source:
// CLIPImageProcessor of transformers v4.46 and its preprocessor_config.json.
#pragma once

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <vector>

#include "absl/status/statusor.h"
#include "core/media/rgb_image.h"

namespace ruyi {

class ClipPreprocessor {
 public:
  // `path`: preprocessor_config.json; absent keys take the processor's defaults. Errors: those of ReadJsonFile;
  // FAILED_PRECONDITION: a value out of range; UNIMPLEMENTED with reason FEATURE_NOT_BUILT: a step switched off, or
  // another resample than 3 (bicubic).
  static absl::StatusOr<ClipPreprocessor> Load(const std::filesystem::path& path);

  // Returns the picture as [1, 3, crop, crop] float32 on the CPU.
  at::Tensor Process(const RgbImage& image) const;

 private:
  int shortest_edge_ = 224;
  int crop_height_ = 224;
  int crop_width_ = 224;
  double rescale_factor_ = 1.0 / 255.0;
  std::vector<double> mean_ = {0.48145466, 0.4578275, 0.40821073};
  std::vector<double> deviation_ = {0.26862954, 0.26130258, 0.27577711};
};

}  // namespace ruyi
