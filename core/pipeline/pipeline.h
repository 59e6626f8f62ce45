// The model as the rest of the server sees it: a plan goes in, progress and frames come out; no tensor types.
// Before it: core/worker. After it: a FrameSink. Implemented by core/pipeline/ruyi (and by
// tests/support/fake_pipeline.h).
#pragma once

#include <memory>

#include "absl/status/status.h"
#include "core/base/cancellation.h"
#include "core/pipeline/frame_sink.h"
#include "core/plan/generation_plan.h"
#include "core/plan/progress.h"
#include "core/request/lora_catalog.h"

namespace ruyi {

// Takes progress as it happens. Called on the worker's thread; must not block.
class ProgressSink {
 public:
  virtual ~ProgressSink() = default;
  virtual void OnProgress(const Progress& progress) = 0;
};

// One loaded model on one device. Not thread-safe: one Generate at a time.
class Pipeline {
 public:
  virtual ~Pipeline() = default;

  virtual LatentGeometry geometry() const = 0;

  // What fits the model; thread-safe, also while Generate runs.
  virtual std::shared_ptr<const LoraCatalog> loras() const = 0;

  // Runs one small denoising step and decode, so that the first job does not pay for lazy set-up. Blocks.
  virtual absl::Status WarmUp() = 0;

  // Makes the video of `plan`, gives each frame to `frames` as soon as it is decoded, and says how far it is. Polls
  // `token` before each encoder chunk, denoising step and decoder chunk, and returns its status when it ends.
  // RESOURCE_EXHAUSTED: out of memory. INTERNAL: a fault of the libraries below. Blocks for the whole video.
  virtual absl::Status Generate(const GenerationPlan& plan, const CancellationToken& token, ProgressSink& progress,
                                FrameSink& frames) = 0;
};

}  // namespace ruyi
