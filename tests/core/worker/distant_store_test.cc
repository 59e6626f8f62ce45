// Tests what becomes of a job while the artifact store is away.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/synchronization/notification.h"
#include "core/base/error_reasons.h"
#include "core/worker/job_run.h"
#include "tests/core/worker/worker_bench.h"
#include "tests/support/distant_artifact_store.h"

namespace ruyi {
namespace {

using testing::Each;
using testing::IsEmpty;

// Makes all frames, and breaks then.
class BreakingPipeline final : public Pipeline {
 public:
  explicit BreakingPipeline(std::function<void()> before_breaking) : before_breaking_(std::move(before_breaking)) {}

  std::shared_ptr<const LoraCatalog> loras() const override { return frames_.loras(); }
  absl::Status WarmUp() override { return frames_.WarmUp(); }
  std::shared_ptr<const CostModel> costs() const override { return frames_.costs(); }
  MemoryBudget AvailableMemory() const override { return frames_.AvailableMemory(); }
  absl::Status SetMemoryBudget(std::optional<int64_t> bytes) override { return frames_.SetMemoryBudget(bytes); }
  std::optional<int64_t> memory_budget() const override { return frames_.memory_budget(); }
  absl::StatusOr<GenerationReport> Generate(const VideoSpec& spec, const Placement& placement,
                                            RunControl& control) override {
    EXPECT_THAT(frames_.Generate(spec, placement, control), IsOk());
    before_breaking_();
    return absl::InternalError("broken");
  }

 private:
  FakePipeline frames_;
  const std::function<void()> before_breaking_;
};

class DistantStoreTest : public testing::Test {
 protected:
  // Claims the next job and runs it to the attempt's end, with its bytes in `artifacts`.
  absl::Status RunNextOn(ArtifactStore& artifacts) {
    const Lease lease = bench_.Claim();
    WorkerTools tools = bench_.Tools();
    tools.artifacts = &artifacts;
    FakePipeline pipeline{FakePipelineOptions()};
    return JobRun(lease, tools).Run(pipeline);
  }

  WorkerBench bench_;
};

// Each kind of call fails twice at first.
TEST_F(DistantStoreTest, WaitsForAnArtifactStoreThatIsAway) {
  const std::string whole = bench_.CreateJob();
  ASSERT_THAT(RunNextOn(*bench_.artifacts), IsOk());
  const std::string id = bench_.CreateJob();
  std::map<std::string, int, std::less<>> calls;
  DistantArtifactStore distant(*bench_.artifacts, [&calls](std::string_view call) {
    return call.substr(0, 6) == "Delete" || ++calls[std::string(call)] > 2;
  });
  ASSERT_THAT(RunNextOn(distant), IsOk());
  EXPECT_EQ(bench_.Get(id).state, JobState::kSucceeded);
  EXPECT_EQ(bench_.BytesOf(id), bench_.BytesOf(whole));
  for (const char* call : {"StatResult", "ReadBlob", "OpenResult", "Write", "Seal"})
    EXPECT_GE(calls[call], 3) << call;
  EXPECT_THAT(bench_.troubles, Each(HasReason(reason::kStoreUnavailable)));
  EXPECT_THAT(bench_.troubles, Not(IsEmpty()));
}

TEST_F(DistantStoreTest, GoesBackToTheQueueWhenTheArtifactStoreStaysAway) {
  const std::string id = bench_.CreateJob();
  for (const std::string away : {"StatResult", "ReadBlob", "OpenResult", "Write", "Seal"}) {
    DistantArtifactStore distant(*bench_.artifacts, [this, &away](std::string_view call) {
      if (call == away)
        bench_.clock.Advance(bench_.Tools().lease / 2);
      return call != away;
    });
    EXPECT_THAT(RunNextOn(distant), HasReason(reason::kStoreUnavailable)) << away;
    EXPECT_EQ(bench_.Get(id).state, JobState::kQueued) << away;
    EXPECT_EQ(bench_.Get(id).crashes, 0) << away;
  }
  ASSERT_THAT(RunNextOn(*bench_.artifacts), IsOk());
  EXPECT_EQ(bench_.Get(id).state, JobState::kSucceeded);
}

TEST_F(DistantStoreTest, WaitsForNoArtifactStoreWhenTheServerStops) {
  const std::string id = bench_.CreateJob();
  const Lease lease = bench_.Claim();
  WorkerTools tools = bench_.Tools();
  JobRun* running = nullptr;
  DistantArtifactStore distant(*bench_.artifacts, [&running](std::string_view call) {
    if (call == "Write")
      running->RequestHandBack();
    return call != "Write";
  });
  tools.artifacts = &distant;
  JobRun run(lease, tools);
  running = &run;
  FakePipeline pipeline{FakePipelineOptions()};
  EXPECT_THAT(run.Run(pipeline), HasReason(reason::kHandedBack));
  EXPECT_EQ(bench_.Get(id).state, JobState::kQueued);
}

TEST_F(DistantStoreTest, WaitsForNoArtifactStoreWhenItIsCancelled) {
  const std::string id = bench_.CreateJob();
  DistantArtifactStore distant(*bench_.artifacts, [this, &id](std::string_view call) {
    if (call == "Write")
      bench_.jobs.Cancel(id, absl::CancelledError("enough")).IgnoreError();  // the second time it is cancelled already
    return call != "Write";
  });
  EXPECT_THAT(RunNextOn(distant), StatusIs(absl::StatusCode::kCancelled));
  EXPECT_EQ(bench_.Get(id).state, JobState::kCancelled);
}

TEST_F(DistantStoreTest, WaitsForNoArtifactStoreAfterThePipelineBroke) {
  const std::string id = bench_.CreateJob();
  const Lease lease = bench_.Claim();
  absl::Notification writes;
  DistantArtifactStore distant(*bench_.artifacts, [&writes](std::string_view call) {
    if (call == "Write" && !writes.HasBeenNotified())
      writes.Notify();
    return call != "Write";
  });
  WorkerTools tools = bench_.Tools();
  tools.artifacts = &distant;
  BreakingPipeline pipeline([&writes] { writes.WaitForNotification(); });
  EXPECT_THAT(JobRun(lease, tools).Run(pipeline), StatusIs(absl::StatusCode::kInternal, "broken"));
  EXPECT_EQ(bench_.Get(id).state, JobState::kFailed);
}

}  // namespace
}  // namespace ruyi
