// Takes the frames that a pipeline makes. Before it: core/pipeline. After it: core/worker's encoder. Called on the
// worker's thread, in frame order.
#pragma once

#include "absl/status/status.h"
#include "core/media/rgb_image.h"

namespace ruyi {

class FrameSink {
 public:
  virtual ~FrameSink() = default;

  // Takes the next frame. An error ends the generation and is what Generate returns.
  virtual absl::Status OnFrame(const RgbImage& frame) = 0;
};

}  // namespace ruyi
