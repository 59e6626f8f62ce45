// Sinks that discard everything, for a run whose progress and frames nobody wants: a warm-up, a measurement. Before
// them: core/pipeline. The sinks are stateless and thread-safe.
#pragma once

#include <vector>

#include "core/pipeline/frame_sink.h"
#include "core/pipeline/run_control.h"

namespace ruyi {

class DiscardProgress final : public ProgressSink {
 public:
  void OnProgress(const Progress& /*progress*/) override {}
  void OnRetry(const Retry& /*retry*/) override {}
  void OnResume() override {}
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

// Holds the sinks of a run that nobody watches, cancels or resumes.
struct DiscardAll {
  const CancellationToken token{};
  DiscardProgress progress;
  DiscardFrames frames;
  DiscardCheckpoints checkpoints;

  // Returns the control of the run, which must not outlive this or `pictures`.
  RunControl Of(const std::vector<RgbImage>& pictures) {
    return {.pictures = pictures,
            .token = token,
            .progress = progress,
            .frames = frames,
            .checkpoints = checkpoints,
            .resume_from = {}};
  }
};

}  // namespace ruyi
