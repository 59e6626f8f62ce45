#include "tests/server/test_pipeline.h"

#include <optional>
#include <thread>
#include <utility>

#include "absl/time/clock.h"

namespace ruyi {

class WatchedPipeline final : public Pipeline {
 public:
  WatchedPipeline(FakePipelineOptions options, PipelineWatch* watch) : fake_(std::move(options)), watch_(watch) {}

  std::shared_ptr<const LoraCatalog> loras() const override { return fake_.loras(); }
  absl::Status WarmUp() override { return fake_.WarmUp(); }
  std::shared_ptr<const CostModel> costs() const override { return fake_.costs(); }
  MemoryBudget AvailableMemory() const override { return fake_.AvailableMemory(); }
  absl::Status SetMemoryBudget(std::optional<int64_t> bytes) override { return fake_.SetMemoryBudget(bytes); }
  std::optional<int64_t> memory_budget() const override { return fake_.memory_budget(); }

  absl::StatusOr<GenerationReport> Generate(const VideoSpec& spec, const Placement& placement,
                                            RunControl& control) override {
    {
      absl::MutexLock lock(&watch_->mutex_);
      watch_->token_ = control.token;
      watch_->checkpoints_ = &control.checkpoints;
    }
    absl::StatusOr<GenerationReport> report = fake_.Generate(spec, placement, control);
    watch_->ended_.Increment();
    return report;
  }

 private:
  FakePipeline fake_;
  PipelineWatch* watch_;
};

// A token cannot be waited for, only asked.
bool PipelineWatch::AwaitTokenEnd() const {
  CancellationToken token;
  {
    absl::MutexLock lock(&mutex_);
    token = token_;
  }
  const absl::Time give_up = absl::Now() + kPatience;
  while (token.Check().ok() && absl::Now() < give_up)
    std::this_thread::yield();
  return !token.Check().ok();
}

bool PipelineWatch::AwaitHandBack() const {
  CheckpointSink* checkpoints = nullptr;
  {
    absl::MutexLock lock(&mutex_);
    checkpoints = checkpoints_;
  }
  const absl::Time give_up = absl::Now() + kPatience;
  while (!checkpoints->IsWanted() && absl::Now() < give_up)
    std::this_thread::yield();
  return checkpoints->IsWanted();
}

std::unique_ptr<Pipeline> MakeWatchedPipeline(FakePipelineOptions options, PipelineWatch* watch) {
  return std::make_unique<WatchedPipeline>(std::move(options), watch);
}

}  // namespace ruyi
