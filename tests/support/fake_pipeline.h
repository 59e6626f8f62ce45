// A pipeline without a model: plain frames at once; progress, cancellation, previews and checkpoints as of a real one.
// Before it: core/worker or a server under test. After it: a FrameSink. Owns its options. Not thread-safe, as any
// pipeline; the hook runs on the thread that generates.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "core/pipeline/pipeline.h"
#include "tests/support/fake_lora_catalog.h"
#include "tests/support/test_costs.h"

namespace ruyi {

struct FakePipelineOptions {
  std::shared_ptr<const CostModel> costs = TestCosts();
  std::function<int64_t()> available_bytes = [] { return std::numeric_limits<int64_t>::max(); };  // of the device
  std::function<int64_t()> available_host_bytes = [] { return std::numeric_limits<int64_t>::max(); };
  PlacedModel placed;
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

// Frame number `frame` of the video that FakePipeline makes of `spec`: grey, of a shade that depends on seed and
// number.
RgbImage FakeFrame(const VideoSpec& spec, int frame);

class FakePipeline final : public Pipeline {
 public:
  explicit FakePipeline(FakePipelineOptions options = {}) : options_(std::move(options)) {}

  std::shared_ptr<const LoraCatalog> loras() const override { return options_.loras; }

  // Returns the option `warm_up_status` at once.
  absl::Status WarmUp() override { return options_.warm_up_status; }

  std::shared_ptr<const CostModel> costs() const override { return options_.costs; }
  MemoryBudget AvailableMemory() const override {
    return {.device_bytes = std::min(options_.available_bytes(), budget_bytes_.load()),
            .host_bytes = options_.available_host_bytes(),
            .placed = options_.placed};
  }
  absl::Status SetMemoryBudget(std::optional<int64_t> bytes) override {
    budget_bytes_ = bytes.value_or(kNoBudget);
    return absl::OkStatus();
  }
  std::optional<int64_t> memory_budget() const override {
    const int64_t bytes = budget_bytes_;
    return bytes == kNoBudget ? std::nullopt : std::optional(bytes);
  }

  // Gives the spec's frames, see FakeFrame. Reports every finished unit; polls the token before each. A run that is
  // resumed conditions anew and goes on denoising after the checkpoint's step. Sends grey previews. Reports what was
  // predicted as the peak. DATA_LOSS: the state to resume from is none of FakePipeline's, or of a step that the spec
  // does not have.
  absl::StatusOr<GenerationReport> Generate(const VideoSpec& spec, const Placement& placement,
                                            RunControl& control) override;

 private:
  absl::Status Attempt(const VideoSpec& spec, int first_step, RunControl& control, FrameSink& frames) const;
  absl::Status RunPhase(Progress at, RunControl& control, const std::function<absl::Status(int done)>& do_unit) const;

  static constexpr int64_t kNoBudget = std::numeric_limits<int64_t>::max();

  FakePipelineOptions options_;
  std::atomic<int64_t> budget_bytes_ = kNoBudget;
};

}  // namespace ruyi
