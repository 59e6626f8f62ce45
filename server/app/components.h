// What a server is made of beside itself: given by component_factory.h in the program, by fakes in tests. A value.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "core/base/clock.h"
#include "core/media/image_decoder.h"
#include "core/media/video_encoder.h"
#include "core/pipeline/pipeline.h"

namespace ruyi {

struct Components {
  // One for each worker, at least one, not yet warm. May take minutes.
  std::function<absl::StatusOr<std::vector<std::unique_ptr<Pipeline>>>()> load_pipelines;
  std::unique_ptr<ImageDecoder> image_decoder;
  std::unique_ptr<VideoEncoderFactory> video_encoders;
  const Clock* clock = &Clock::Real();
};

}  // namespace ruyi
