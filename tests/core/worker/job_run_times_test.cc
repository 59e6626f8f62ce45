// What an attempt tells of its times: of the units of a phase, and of its checkpoints.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "core/worker/job_run.h"
#include "tests/core/worker/job_run_fixture.h"

namespace ruyi {
namespace {

using testing::Each;
using testing::Field;
using testing::Gt;
using testing::IsEmpty;
using testing::Not;

class JobRunTimesTest : public JobRunFixture {
 protected:
  // Tells that so many of four steps are done, `later` than the last time, and returns the time of one as it is logged.
  std::optional<absl::Duration> TimePerStep(int done, absl::Duration later) {
    bench_.clock.Advance(later);
    run_.OnProgress({.phase = Phase::kDenoising, .done = done, .total = 4, .skipped_steps = {}});
    return bench_.EventsOf<JobProgress>(id_).back().per_unit;
  }

  const std::string id_ = bench_.CreateJob();
  const Lease lease_ = bench_.Claim();
  const WorkerTools tools_ = bench_.Tools();
  JobRun run_ = JobRun(lease_, tools_);
};

TEST_F(JobRunTimesTest, AreTheMeanOfThePhase) {
  EXPECT_EQ(TimePerStep(0, absl::Seconds(9)), std::nullopt);
  EXPECT_EQ(TimePerStep(1, absl::Seconds(1)), absl::Seconds(1));
  EXPECT_EQ(TimePerStep(2, absl::Seconds(3)), absl::Seconds(2));
  EXPECT_EQ(bench_.EventsOf<JobProgress>(id_).back().remaining, absl::Seconds(4));
}

TEST_F(JobRunTimesTest, LeaveOutTheStepsOfACheckpoint) {
  EXPECT_EQ(TimePerStep(2, absl::Seconds(9)), std::nullopt);
  EXPECT_EQ(TimePerStep(3, absl::Seconds(2)), absl::Seconds(2));
}

TEST_F(JobRunTimesTest, LeaveOutWhatIsDoneAgain) {
  TimePerStep(2, absl::Seconds(9));
  TimePerStep(4, absl::Seconds(60));
  EXPECT_EQ(TimePerStep(2, absl::Seconds(9)), std::nullopt);
  EXPECT_EQ(TimePerStep(3, absl::Seconds(2)), absl::Seconds(2));
}

class CheckpointCostTest : public JobRunFixture {};

TEST_F(CheckpointCostTest, IsToldOnceTheCheckpointIsKept) {
  const std::string id = bench_.CreateJob();
  const Lease lease = bench_.Claim();
  std::vector<CheckpointCost> costs;
  WorkerTools tools = bench_.Tools();
  tools.checkpoint_interval = absl::ZeroDuration();
  tools.on_checkpoint = [&](const CheckpointCost& cost) { costs.push_back(cost); };
  FakePipeline pipeline;
  const std::unique_ptr<Subscription> slow =
      bench_.jobs.Subscribe(id, [this] { bench_.clock.Advance(absl::Seconds(1)); });
  ASSERT_THAT(JobRun(lease, tools).Run(pipeline), IsOk());
  EXPECT_THAT(costs, Not(IsEmpty()));
  EXPECT_THAT(costs, Each(Field(&CheckpointCost::bytes, Gt(0))));
  EXPECT_THAT(costs, Each(Field(&CheckpointCost::took, absl::Seconds(1))));
}

}  // namespace
}  // namespace ruyi
