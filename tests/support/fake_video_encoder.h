// An encoder whose files have a known length and known bytes. Stands in for core/media/ffmpeg between a worker and its
// chunker. Thread-safe; each encoder belongs to one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "core/media/video_encoder.h"

namespace ruyi {

struct FakeVideoEncoderOptions {
  int bytes_per_frame = 100;
  std::optional<int> fail_at_frame;  // AddFrame of this frame, counted from 0, returns INTERNAL
  bool shaded = false;               // adds the frame's first byte to each of its bytes, so that frames differ
};

// The first `size` bytes of every fake video without shades.
std::string FakeVideoBytes(int64_t size);

class FakeVideoEncoderFactory final : public VideoEncoderFactory {
 public:
  explicit FakeVideoEncoderFactory(FakeVideoEncoderOptions options = {}) : options_(options) {}

  // The encoder writes bytes_per_frame bytes for each frame and, like a real one, holds the last frame back until the
  // next one or Finish. AddFrame returns INVALID_ARGUMENT for a frame of another size than the format's.
  // INVALID_ARGUMENT: width or height is odd.
  absl::StatusOr<std::unique_ptr<VideoEncoder>> Create(const VideoFormat& format, ByteSink* sink) const override;

 private:
  FakeVideoEncoderOptions options_;
};

}  // namespace ruyi
