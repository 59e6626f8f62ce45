// VideoEncoderFactory on libx264 and libavformat: H.264 High, yuv420p, limited-range BT.709, in fragmented MP4. Before
// it: core/worker, one encoder per job. After it: the job's ByteSink. The factory is stateless and thread-safe.
#pragma once

#include <memory>

#include "core/media/video_encoder.h"

namespace ruyi {

class FfmpegVideoEncoderFactory final : public VideoEncoderFactory {
 public:
  // Sends FFmpeg's errors to LogFromLibrary, in the whole process.
  FfmpegVideoEncoderFactory();

  // The same frames give the same bytes on any number of cores. The sink gets the header at once and each fragment of
  // 8 frames while the next ones are still being made. INVALID_ARGUMENT: a size or rate that is not positive, an odd
  // size, and from AddFrame a frame of another size; FAILED_PRECONDITION: any call after Finish; INTERNAL: FFmpeg
  // failed.
  absl::StatusOr<std::unique_ptr<VideoEncoder>> Create(const VideoFormat& format, ByteSink* sink) const override;
};

}  // namespace ruyi
