// Runs that keep checkpoints and go on from them. Before it: a pipeline and a video. After it: tests. Not thread-safe.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/pipeline/pipeline.h"
#include "tests/core/pipeline/recording_sinks.h"
#include "tests/support/video_input.h"

namespace ruyi {

// Keeps the checkpoints that are wanted.
class RecordingCheckpoints final : public CheckpointSink {
 public:
  // Wants a checkpoint when `is_wanted` says so, given how often it was asked, this time included.
  explicit RecordingCheckpoints(std::function<bool(int)> is_wanted = [](int) { return true; })
      : is_wanted_(std::move(is_wanted)) {}

  bool IsWanted() override { return is_wanted_(++asked); }

  absl::Status OnCheckpoint(Checkpoint checkpoint) override {
    checkpoints.push_back(std::move(checkpoint));
    return error;
  }

  int asked = 0;
  std::vector<Checkpoint> checkpoints;
  absl::Status error;

 private:
  std::function<bool(int)> is_wanted_;
};

// A run of a pipeline with everything that it tells.
struct ResumedRun {
  // Begins where `resume_from` left off; empty: at the beginning.
  explicit ResumedRun(std::string_view resume_from_bytes = {}) : resume_from(resume_from_bytes) {}
  ResumedRun(const ResumedRun&) = delete;
  ResumedRun& operator=(const ResumedRun&) = delete;

  absl::StatusOr<GenerationReport> Generate(Pipeline& pipeline, const VideoInput& video) {
    RunControl control = {.pictures = video.pictures,
                          .token = source.token(),
                          .progress = progress,
                          .frames = frames,
                          .checkpoints = checkpoints,
                          .resume_from = resume_from};
    return pipeline.Generate(video.spec, video.placement, control);
  }

  const std::string resume_from;
  CancellationSource source;
  RecordingProgress progress;
  RecordingFrames frames;
  RecordingCheckpoints checkpoints;
};

}  // namespace ruyi
