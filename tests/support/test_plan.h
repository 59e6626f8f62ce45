// A small valid request and a small valid spec, for a test to change. Values; thread-safe.
#pragma once

#include <string>
#include <vector>

#include "core/media/rgb_image.h"
#include "core/plan/video_spec.h"
#include "core/request/generation_request.h"
#include "tests/support/grey_image.h"

namespace ruyi {

// Valid for the default RequestLimits and FakeImageDecoder; everything but the picture is left to the defaults.
inline GenerationRequest TestRequest() {
  GenerationRequest request;
  request.start_images = {{.data = "image 64x64", .upload = ""}};
  return request;
}

// Eight frames of 64x32 pixels in three steps, from one start picture.
inline VideoSpec TestSpec() {
  VideoSpec spec;
  spec.size = {.width = 64, .height = 32};
  spec.start_pictures = {{.source_sha256 = std::string(64, 'a'), .pixels_sha256 = std::string(64, 'b')}};
  spec.frame_count = 8;
  spec.frames_per_second = 24;
  spec.latents = {.channels = 16, .frames = 2, .height = 4, .width = 8};
  spec.steps = 3;
  spec.guidance_scale = 7.0;
  spec.seed = 1;
  return spec;
}

// Returns as many grey pictures as `spec` has, in its size.
inline std::vector<RgbImage> GreyPictures(const VideoSpec& spec) {
  return std::vector<RgbImage>(spec.start_pictures.size() + spec.end_pictures.size(), GreyImage(spec.size));
}

}  // namespace ruyi
