#include "tests/bench/bench_inputs.h"

#include <algorithm>
#include <fstream>
#include <iterator>

#include "core/media/opencv/opencv_image_decoder.h"
#include "core/media/pillow_resize.h"
#include "core/request/limits.h"

namespace ruyi {
namespace {

constexpr PixelSize kSize = {.width = 160, .height = 96};
constexpr int kFrames = 24;
constexpr int kMotion = 3;
constexpr double kGuidance = 1.5;
constexpr uint64_t kSeed = 7;

RgbImage Photo() {
  return *OpencvImageDecoder().Decode(PhotoBytes(), ImageLimits());
}

RgbImage Window(const RgbImage& image, PixelSize at) {
  RgbImage window = {.width = kSize.width, .height = kSize.height, .pixels = {}};
  window.pixels.resize(window.row_bytes() * window.height);
  for (int y = 0; y < window.height; ++y) {
    const auto row = image.pixels.begin() + static_cast<int64_t>((at.height + y) * image.row_bytes()) + at.width * 3;
    std::copy_n(row, window.row_bytes(), window.pixels.begin() + static_cast<int64_t>(y * window.row_bytes()));
  }
  return window;
}

}  // namespace

std::string DemoModel() {
  return RUYI_SOURCE_DIR "/models/ruyi-tiny";
}

std::string PhotoBytes() {
  std::ifstream file(RUYI_SOURCE_DIR "/tests/data/photo.jpg", std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

VideoInput DemoVideo(int steps) {
  VideoInput input;
  VideoSpec& spec = input.spec;
  spec.size = kSize;
  spec.frame_count = kFrames;
  spec.frames_per_second = 24;
  spec.latents = {.channels = 16, .frames = kFrames / 4, .height = kSize.height / 8, .width = kSize.width / 8};
  spec.camera = Camera::kLeft;
  spec.motion = kMotion;
  spec.steps = steps;
  spec.guidance_scale = kGuidance;
  spec.clip_apply_ratio = kClipApplyRatio.default_value;
  spec.seed = kSeed;
  input.SetPictures({ResizeLikePillow(Photo(), kSize)}, {});
  return input;
}

v1::GenerateVideoRequest DemoRequest(int steps) {
  v1::GenerateVideoRequest request;
  request.add_start_images()->set_data(PhotoBytes());
  request.mutable_size()->set_width(kSize.width);
  request.mutable_size()->set_height(kSize.height);
  request.set_frame_count(kFrames);
  request.set_camera(v1::CAMERA_LEFT);
  request.set_motion(kMotion);
  request.set_steps(steps);
  request.set_guidance_scale(kGuidance);
  request.set_seed(kSeed);
  return request;
}

std::vector<RgbImage> PanningFrames(int count) {
  const RgbImage photo = Photo();
  std::vector<RgbImage> frames;
  for (int i = 0; i < count; ++i)
    frames.push_back(Window(photo, {.width = 100 + 2 * i, .height = 100}));
  return frames;
}

}  // namespace ruyi
