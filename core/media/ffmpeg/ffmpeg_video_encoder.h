// Implements VideoEncoderFactory with libx264 and libavformat: H.264, of the profile High unless a setting asks for
// less or more, yuv420p, limited-range BT.709, in MP4. Before it: core/worker, one encoder per job. After it: the job's
// ByteSink. The factory is stateless and thread-safe.
#pragma once

#include <memory>

#include "core/media/video_encoder.h"

namespace ruyi {

class FfmpegVideoEncoderFactory final : public VideoEncoderFactory {
 public:
  // Sends FFmpeg's errors to LogFromLibrary, in the whole process.
  FfmpegVideoEncoderFactory();

  // The same frames and the same format give the same bytes on any processor and any number of cores. The sink gets the
  // header at once and each fragment while the next ones are still being made; of a plain file (faststart) it gets
  // nothing before Finish, which gives it all in one call. INVALID_ARGUMENT: a size or rate that is not positive, an
  // odd size, a setting out of its range, and from AddFrame a frame of another size; FAILED_PRECONDITION: any call
  // after Finish, or more or fewer frames than the format says; INTERNAL: FFmpeg failed.
  absl::StatusOr<std::unique_ptr<VideoEncoder>> Create(const VideoFormat& format, ByteSink* sink) const override;
};

}  // namespace ruyi
