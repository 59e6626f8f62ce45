// A run for the stages of a pipeline. Before it: a video. After it: core/pipeline/ruyi. Owns what a stage is given; not
// thread-safe.
#pragma once

#include <utility>
#include <vector>

#include "core/pipeline/discard.h"
#include "core/pipeline/ruyi/run_context.h"
#include "core/tensor/random_streams.h"
#include "tests/core/pipeline/recording_sinks.h"
#include "tests/support/video_input.h"

namespace ruyi {

struct StageRun {
  explicit StageRun(const VideoInput& video, CancellationToken run_token = {}, RunObserver run_observer = {})
      : pictures(video.pictures),
        token(std::move(run_token)),
        noise(video.spec.seed),
        observer(std::move(run_observer)) {}
  StageRun(const StageRun&) = delete;
  StageRun& operator=(const StageRun&) = delete;

  const std::vector<RgbImage> pictures;
  const CancellationToken token;
  RecordingProgress progress;
  RecordingFrames frames;
  DiscardCheckpoints checkpoints;
  RandomStreams noise;
  const RunObserver observer;
  RunControl control = {.pictures = pictures,
                        .token = token,
                        .progress = progress,
                        .frames = frames,
                        .checkpoints = checkpoints,
                        .resume_from = {}};
  RunContext context = {.control = control, .noise = noise, .observer = observer};
};

}  // namespace ruyi
