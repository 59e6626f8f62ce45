// The model as the rest of the server sees it: a plan goes in, progress and frames come out; no tensor types.
// Before it: core/worker. After it: a FrameSink. Implemented by core/pipeline/ruyi (and by
// tests/support/fake_pipeline.h).
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "core/base/cancellation.h"
#include "core/pipeline/frame_sink.h"
#include "core/plan/cost_model.h"
#include "core/plan/generation_plan.h"
#include "core/plan/progress.h"
#include "core/request/lora_catalog.h"

namespace ruyi {

// Takes progress as it happens. Called on the worker's thread; must not block.
class ProgressSink {
 public:
  virtual ~ProgressSink() = default;
  virtual void OnProgress(const Progress& progress) = 0;
  virtual void OnRetry(const Retry& retry) = 0;
};

// One loaded model on one device. Not thread-safe: one Generate at a time.
class Pipeline {
 public:
  virtual ~Pipeline() = default;

  // What fits the model; thread-safe, also while Generate runs.
  virtual std::shared_ptr<const LoraCatalog> loras() const = 0;

  // Runs one small video, so that the first job does not pay for lazy set-up, and measures what costs() predicts with.
  // Errors: those of Generate. Blocks.
  virtual absl::Status WarmUp() = 0;

  // What videos take on this device. Not before WarmUp. The model learns from each video.
  virtual std::shared_ptr<const CostModel> costs() const = 0;

  // Bytes that the device has for a video now, the model's weights included: the budget that it was given, or less
  // where other programs use the device. Thread-safe, also while Generate runs.
  virtual int64_t AvailableBytes() const = 0;

  // Makes the video of `plan`, gives each frame to `frames` as soon as it is decoded, and says how far it is. Polls
  // `token` before each encoder chunk, denoising step and decoder chunk, and returns its status when it ends. When the
  // device's memory runs out, begins anew in the plan's next fallback.
  // RESOURCE_EXHAUSTED GPU_OUT_OF_MEMORY: the smallest mode was too large. INTERNAL: a fault of the libraries below;
  // with the reason GPU_FAULT this pipeline will not work again, in this process; with NOT_FINITE a number overflowed.
  // FAILED_PRECONDITION LORA_CHANGED: a LoRA is not what it was when it was checked; MODEL_CHANGED: the model's files
  // are not what was loaded, and this pipeline will not work again. Blocks for the whole video.
  virtual absl::StatusOr<GenerationReport> Generate(const GenerationPlan& plan, const CancellationToken& token,
                                                    ProgressSink& progress, FrameSink& frames) = 0;
};

}  // namespace ruyi
