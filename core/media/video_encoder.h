// Encodes frames as the bytes of an MP4 file. Before it: core/pipeline, which gives frames in order. After it: a
// ByteSink, through which the worker writes the result. Implemented by core/media/ffmpeg.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/media/encoding_settings.h"
#include "core/media/rgb_image.h"

namespace ruyi {

struct VideoFormat {
  int width = 0;   // pixels, even
  int height = 0;  // pixels, even
  int frames_per_second = 24;
  int frame_count = 0;  // all frames of the video, so that its first bytes say how long it is; 0: not known
  EncodingSettings encoding;
  std::map<std::string, std::string> metadata;  // UTF-8 texts that the file carries, as "comment"
  bool mark_as_generated = true;                // the file says that it was made by a trained model (IPTC)
};

// Takes the bytes of a file in their order, without gaps. Called on the encoder's thread.
class ByteSink {
 public:
  virtual ~ByteSink() = default;
  virtual absl::Status Write(std::span<const uint8_t> bytes) = 0;
};

// Encodes one video. Not thread-safe.
class VideoEncoder {
 public:
  virtual ~VideoEncoder() = default;

  // Encodes the next frame; its size must be the format's, and there must not be more frames than the format says. May
  // write bytes to the sink; an error of the sink is returned.
  virtual absl::Status AddFrame(const RgbImage& frame) = 0;

  // Encodes the frames that are still held back and writes the end of the file. All frames that the format says must
  // have been added; none may be added after it.
  virtual absl::Status Finish() = 0;
};

// Makes an encoder for each job. Thread-safe.
class VideoEncoderFactory {
 public:
  virtual ~VideoEncoderFactory() = default;

  // Makes an encoder, which writes to `sink`. `sink` must outlive the encoder.
  virtual absl::StatusOr<std::unique_ptr<VideoEncoder>> Create(const VideoFormat& format, ByteSink* sink) const = 0;
};

}  // namespace ruyi
