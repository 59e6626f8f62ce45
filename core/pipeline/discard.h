// Sinks for a run of which nobody wants to hear: a warm-up, a measurement. Before them: core/pipeline. Stateless;
// thread-safe.
#pragma once

#include "core/pipeline/frame_sink.h"
#include "core/pipeline/pipeline.h"

namespace ruyi {

class DiscardProgress final : public ProgressSink {
 public:
  void OnProgress(const Progress& /*progress*/) override {}
  void OnRetry(const Retry& /*retry*/) override {}
};

class DiscardFrames final : public FrameSink {
 public:
  absl::Status OnFrame(const RgbImage& /*frame*/) override { return absl::OkStatus(); }
};

}  // namespace ruyi
