#include "tests/support/fake_video_encoder.h"

#include <vector>

#include "absl/strings/str_format.h"
#include "core/base/status_macros.h"

namespace ruyi {
namespace {

uint8_t ByteAt(int64_t offset) {
  return static_cast<uint8_t>(static_cast<uint32_t>(offset) * 2654435761u >> 24);
}

class FakeVideoEncoder final : public VideoEncoder {
 public:
  FakeVideoEncoder(FakeVideoEncoderOptions options, const VideoFormat& format, ByteSink* sink)
      : options_(options), format_(format), sink_(sink) {}

  absl::Status AddFrame(const RgbImage& frame) override {
    if (frames_ == options_.fail_at_frame)
      return absl::InternalError(absl::StrFormat("the fake encoder failed at frame %d", frames_));
    if (frame.width != format_.width || frame.height != format_.height)
      return absl::InvalidArgumentError(absl::StrFormat("frame %d has another size than the video", frames_));
    RUYI_RETURN_IF_ERROR(frames_++ == 0 ? absl::OkStatus() : WriteFrame());
    shade_ = options_.shaded ? frame.pixels.front() : uint8_t{0};
    return absl::OkStatus();
  }

  absl::Status Finish() override { return frames_ == 0 ? absl::OkStatus() : WriteFrame(); }

 private:
  absl::Status WriteFrame() {
    std::vector<uint8_t> bytes(options_.bytes_per_frame);
    for (uint8_t& byte : bytes)
      byte = static_cast<uint8_t>(ByteAt(offset_++) + shade_);
    return sink_->Write(bytes);
  }

  const FakeVideoEncoderOptions options_;
  const VideoFormat format_;
  ByteSink* sink_;
  int frames_ = 0;
  int64_t offset_ = 0;
  uint8_t shade_ = 0;  // of the frame that is held back
};

}  // namespace

std::string FakeVideoBytes(int64_t size) {
  std::string bytes(size, '\0');
  for (int64_t i = 0; i < size; ++i)
    bytes[i] = static_cast<char>(ByteAt(i));
  return bytes;
}

absl::StatusOr<std::unique_ptr<VideoEncoder>> FakeVideoEncoderFactory::Create(const VideoFormat& format,
                                                                              ByteSink* sink) const {
  if (format.width % 2 != 0 || format.height % 2 != 0)
    return absl::InvalidArgumentError(absl::StrFormat("%dx%d: both sides must be even", format.width, format.height));
  return std::make_unique<FakeVideoEncoder>(options_, format, sink);
}

}  // namespace ruyi
