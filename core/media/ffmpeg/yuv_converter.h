// Converts sRGB pictures to YUV 4:2:0 frames. Before it: the frames of VideoEncoder::AddFrame. After it: libx264. Owns
// the one frame that it fills. Not thread-safe.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "core/media/ffmpeg/av_handles.h"
#include "core/media/rgb_image.h"

namespace ruyi {

class YuvConverter {
 public:
  // `width` and `height` in pixels, both positive and even. INTERNAL: FFmpeg refuses them, or there is no memory.
  static absl::StatusOr<YuvConverter> Create(int width, int height);

  // Converts full-range sRGB to limited-range BT.709 (ITU-R BT.709-6), planar 8-bit, chroma sited left (as H.264 takes
  // it when nothing else is said). `image` must have the size given to Create. The frame is valid until the next call.
  absl::StatusOr<AVFrame*> Convert(const RgbImage& image);

 private:
  YuvConverter(SwsHandle scaler, AvFrameHandle frame) : scaler_(std::move(scaler)), frame_(std::move(frame)) {}

  SwsHandle scaler_;
  AvFrameHandle frame_;
  std::vector<uint8_t> padded_;  // the picture and what libswscale reads behind it
};

}  // namespace ruyi
