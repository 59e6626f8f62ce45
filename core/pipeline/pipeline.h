// The model as the rest of the server sees it: a spec goes in, progress and frames come out; no tensor types.
// Before it: core/worker. After it: a FrameSink. Implemented by core/pipeline/ruyi (and by
// tests/support/fake_pipeline.h).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "absl/status/statusor.h"
#include "core/pipeline/run_control.h"
#include "core/plan/cost_model.h"
#include "core/plan/memory_budget.h"
#include "core/plan/placement.h"
#include "core/plan/progress.h"
#include "core/plan/video_spec.h"
#include "core/request/lora_catalog.h"

namespace ruyi {

// One loaded model on one device. Not thread-safe: one Generate at a time.
class Pipeline {
 public:
  virtual ~Pipeline() = default;

  // Returns the LoRAs that a request may name. Thread-safe, also while Generate runs.
  virtual std::shared_ptr<const LoraCatalog> loras() const = 0;

  // Runs one small video, so that the first job does not pay for lazy set-up, and measures the constants that costs()
  // predicts with. Errors: those of Generate. Blocks.
  virtual absl::Status WarmUp() = 0;

  // Returns the cost model, which predicts what videos take on this device. Must not be called before WarmUp. The cost
  // model learns from each video.
  virtual std::shared_ptr<const CostModel> costs() const = 0;

  // Returns what device and host have for a video now: of the device the budget that it was given, or less where other
  // programs use it; of the host what can be had, and what this pipeline has taken before. Thread-safe, also while
  // Generate runs.
  virtual MemoryBudget AvailableMemory() const = 0;

  // Gives each device of the pipeline a budget of `bytes` for weights and work, from the next placement on; absent:
  // what is free. A video that is being made keeps what it was placed with. INTERNAL: a GPU cannot be asked.
  // Thread-safe, also while Generate runs.
  virtual absl::Status SetMemoryBudget(std::optional<int64_t> bytes) = 0;

  // Returns the budget that was given last; absent: what is free. Thread-safe, also while Generate runs.
  virtual std::optional<int64_t> memory_budget() const = 0;

  // Makes the video of `spec` in the mode of `placement`: gives each frame to `control.frames` as soon as it is
  // decoded, and tells `control.progress` how far the work is. Polls the token before each encoder chunk, denoising
  // step and decoder chunk, and returns its status when it ends. When the device's memory runs out, begins anew, or
  // again from `control.resume_from`, in the placement's next fallback. An error of a sink ends the run and is returned
  // as it is. RESOURCE_EXHAUSTED GPU_OUT_OF_MEMORY: the smallest mode was too large; HOST_MEMORY: the
  // host's memory could not be had. DATA_LOSS: `control.resume_from`
  // is damaged, or of another spec, model or type of the arithmetic. INTERNAL: a fault of the libraries below; with the
  // reason GPU_FAULT this pipeline will not work again, in this process; with NOT_FINITE a number overflowed.
  // FAILED_PRECONDITION LORA_CHANGED: a LoRA is not what it was when it was checked; MODEL_CHANGED: the model's files
  // are not what was loaded, and this pipeline will not work again. Blocks for the whole video.
  virtual absl::StatusOr<GenerationReport> Generate(const VideoSpec& spec, const Placement& placement,
                                                    RunControl& control) = 0;
};

}  // namespace ruyi
