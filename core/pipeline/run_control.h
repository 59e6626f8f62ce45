// Holds what goes into and out of one run of a pipeline beside the spec: pictures, whether to go on, whom to tell, and
// how far an earlier run came. Before it: core/worker. After it: core/pipeline. Lives for one run; the pipeline calls
// all of it on the thread that runs.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "core/base/cancellation.h"
#include "core/media/rgb_image.h"
#include "core/pipeline/frame_sink.h"
#include "core/plan/progress.h"

namespace ruyi {

// Takes progress as it happens. Must not block.
class ProgressSink {
 public:
  virtual ~ProgressSink() = default;
  virtual void OnProgress(const Progress& progress) = 0;
  virtual void OnRetry(const Retry& retry) = 0;

  // Is called when the run takes the checkpoint that it was given and goes on from there; again for each memory mode
  // in which it begins anew.
  virtual void OnResume() = 0;

  // Takes a small picture of what the latents show after `step` denoising steps; only where the spec asks for previews.
  virtual void OnPreview(int step, const RgbImage& picture) = 0;
};

// Holds the state of a run, so that another run, also in another process, can go on from there and make the same bytes.
struct Checkpoint {
  int step = 0;       // denoising steps that are done
  std::string state;  // what the pipeline needs to go on; opaque to everybody else
};

// Takes checkpoints between denoising steps.
class CheckpointSink {
 public:
  virtual ~CheckpointSink() = default;

  // Returns true when a checkpoint is wanted now. It is asked after each denoising step, and must be cheap.
  virtual bool IsWanted() = 0;

  // Keeps `checkpoint`. An error ends the run and is what Generate returns; a worker that hands its job back ends the
  // run in this way.
  virtual absl::Status OnCheckpoint(Checkpoint checkpoint) = 0;
};

struct RunControl {
  const std::vector<RgbImage>& pictures;  // of the spec, start pictures first, in the video's size
  const CancellationToken& token;
  ProgressSink& progress;
  FrameSink& frames;
  CheckpointSink& checkpoints;
  std::string_view resume_from;  // the state of a checkpoint; empty: the run begins at the beginning
};

}  // namespace ruyi
