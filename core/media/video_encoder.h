// Frames → MP4 bytes. Before it: core/pipeline, which gives frames in order. After it: a ByteSink, which the worker
// turns into chunk events. Implemented by core/media/ffmpeg.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/media/rgb_image.h"

namespace ruyi {

struct VideoFormat {
  int width = 0;   // pixels, even
  int height = 0;  // pixels, even
  int frames_per_second = 24;
};

// Takes bytes in file order, appended without gaps. Called on the encoder's thread.
class ByteSink {
 public:
  virtual ~ByteSink() = default;
  virtual absl::Status Write(std::span<const uint8_t> bytes) = 0;
};

// One video. Not thread-safe.
class VideoEncoder {
 public:
  virtual ~VideoEncoder() = default;

  // Encodes the next frame; its size must be the format's. May write bytes to the sink; an error of the sink is
  // returned.
  virtual absl::Status AddFrame(const RgbImage& frame) = 0;

  // Encodes what is still held back and writes the end of the file. No frames after it.
  virtual absl::Status Finish() = 0;
};

// Makes one encoder per job. Thread-safe.
class VideoEncoderFactory {
 public:
  virtual ~VideoEncoderFactory() = default;

  // `sink` must outlive the encoder.
  virtual absl::StatusOr<std::unique_ptr<VideoEncoder>> Create(const VideoFormat& format, ByteSink* sink) const = 0;
};

}  // namespace ruyi
