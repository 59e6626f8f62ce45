// Reads the encoder's bytes with another program (Debian's ffprobe and ffmpeg) and with OpenCV, and makes the frames
// that the tests encode. Functions without state; thread-safe.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "core/media/video_encoder.h"

namespace ruyi {

// Keeps what it gets; can fail from a given call on.
class RecordingSink final : public ByteSink {
 public:
  // `failing_write`: the first call (from 0) that returns ABORTED "the reader left".
  explicit RecordingSink(int failing_write = -1) : failing_write_(failing_write) {}

  absl::Status Write(std::span<const uint8_t> bytes) override;

  const std::string& bytes() const { return bytes_; }
  int write_count() const { return write_count_; }

 private:
  int failing_write_;
  int write_count_ = 0;
  std::string bytes_;
};

// One grey, the same in every pixel.
RgbImage GreyFrame(int width, int height, uint8_t level);

// Colours that change from pixel to pixel and from frame to frame.
RgbImage BusyFrame(int width, int height, int index);

// A video of `frames` through the encoder, all calls expected to succeed. Without a format, one that says how many
// there are and nothing else.
std::string EncodeVideo(const std::vector<RgbImage>& frames);
std::string EncodeVideo(const std::vector<RgbImage>& frames, const VideoFormat& format);

// Encodes `frame_count` busy frames of 64x48 pixels.
std::string EncodeBusyVideo(int frame_count);
std::string EncodeBusyVideo(int frame_count, const VideoFormat& format);

struct ProgramOutput {
  int exit_code = -1;
  std::string output;
};

// Runs a shell command; standard error is part of the output.
ProgramOutput RunProgram(const std::string& command);

// Returns ffprobe's view of a file: "format.duration" → "1.000000", "streams.stream.0.profile" → "High". A line that is
// not of that kind (a complaint) is the key "complaint".
std::map<std::string, std::string> Probe(const std::filesystem::path& video);

// A frame as it is stored.
struct YuvFrame {
  int width = 0;
  std::string luma;             // [height, width]
  std::string blue_difference;  // [height / 2, width / 2]
  std::string red_difference;   // [height / 2, width / 2]

  // Returns Y, Cb and Cr at a pixel.
  std::vector<int> At(int x, int y) const;
};

// Returns all frames of a video of the given size, with H.264 decoded and nothing else converted. Fails the test when
// ffmpeg complains.
std::vector<YuvFrame> DecodeYuv(const std::filesystem::path& video, int width, int height);

}  // namespace ruyi
