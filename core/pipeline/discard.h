// Sinks that discard everything, for a run whose progress and frames nobody wants: a warm-up, a measurement. Before
// them: core/pipeline. Stateless; thread-safe.
#pragma once

#include "core/pipeline/frame_sink.h"
#include "core/pipeline/run_control.h"

namespace ruyi {

class DiscardProgress final : public ProgressSink {
 public:
  void OnProgress(const Progress& /*progress*/) override {}
  void OnRetry(const Retry& /*retry*/) override {}
  void OnPreview(int /*step*/, const RgbImage& /*picture*/) override {}
};

class DiscardFrames final : public FrameSink {
 public:
  absl::Status OnFrame(const RgbImage& /*frame*/) override { return absl::OkStatus(); }
};

class DiscardCheckpoints final : public CheckpointSink {
 public:
  bool IsWanted() override { return false; }
  absl::Status OnCheckpoint(Checkpoint /*checkpoint*/) override { return absl::OkStatus(); }
};

}  // namespace ruyi
