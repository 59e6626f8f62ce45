// A pipeline without a model: grey frames at once, progress and cancellation as of a real one. Before it: core/worker
// or a server under test. After it: a FrameSink. Owns its options. Not thread-safe, as any pipeline; the hook runs on
// the thread that generates.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "core/pipeline/pipeline.h"
#include "tests/support/fake_lora_catalog.h"
#include "tests/support/test_costs.h"

namespace ruyi {

struct FakePipelineOptions {
  std::shared_ptr<const CostModel> costs = TestCosts();
  std::function<int64_t()> available_bytes = [] { return std::numeric_limits<int64_t>::max(); };
  std::shared_ptr<const LoraCatalog> loras = std::make_shared<FakeLoraCatalog>();
  int encoder_chunks = 2;
  std::vector<int> skipped_steps;  // denoising steps, from 1, rising, that are reported as left out
  absl::Status warm_up_status;
  int out_of_memory = 0;   // so many modes run out of memory, one after the other, before their first frame
  absl::Status fail_with;  // when not OK: what Generate returns in place of the decoding

  // Called before each encoder chunk, denoising step and frame, and before the token is polled there. `done` units of
  // the phase are finished. May block, cancel the job or turn the clock.
  std::function<void(Phase, int done)> at_boundary = [](Phase, int) {};
};

class FakePipeline final : public Pipeline {
 public:
  explicit FakePipeline(FakePipelineOptions options = {}) : options_(std::move(options)) {}

  std::shared_ptr<const LoraCatalog> loras() const override { return options_.loras; }

  // Returns the option `warm_up_status` at once.
  absl::Status WarmUp() override { return options_.warm_up_status; }

  std::shared_ptr<const CostModel> costs() const override { return options_.costs; }
  int64_t AvailableBytes() const override { return options_.available_bytes(); }

  // Gives plan.frame_count grey frames of plan.size. Reports every finished unit; polls the token before each. Reports
  // what was predicted as the peak.
  absl::StatusOr<GenerationReport> Generate(const GenerationPlan& plan, const CancellationToken& token,
                                            ProgressSink& progress, FrameSink& frames) override;

 private:
  absl::Status Attempt(const GenerationPlan& plan, const CancellationToken& token, ProgressSink& progress,
                       FrameSink& frames) const;
  absl::Status RunPhase(Progress at, const CancellationToken& token, ProgressSink& progress,
                        const std::function<absl::Status()>& do_unit) const;

  FakePipelineOptions options_;
};

}  // namespace ruyi
