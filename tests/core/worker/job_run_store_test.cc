// What one attempt at a job does about its store: one that is away, and one that other jobs share.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <utility>

#include "core/base/error_reasons.h"
#include "core/worker/job_run.h"
#include "core/worker/lease_keeper.h"
#include "tests/core/worker/job_run_fixture.h"

namespace ruyi {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

class JobRunStoreTest : public JobRunFixture {};

// Equal jobs make equal checkpoints, which lie in one blob.
TEST_F(JobRunStoreTest, LeavesTheCheckpointsOfEqualJobsAlone) {
  for (const bool ends : {false, true}) {
    const std::string first = bench_.CreateJob();
    const std::string second = bench_.CreateJob();
    const Lease lease = bench_.Claim();
    const WorkerTools tools = bench_.Tools();
    JobRun run(lease, tools);
    const auto stop = [&](Phase phase, int done) {
      if (phase == Phase::kDenoising && done == 1)
        run.RequestHandBack();
    };
    FakePipeline pipeline({.at_boundary = stop});
    ASSERT_THAT(run.Run(pipeline), HasReason(reason::kHandedBack));
    const CheckpointRef checkpoint = *bench_.Get(first).checkpoint;
    const Lease other = bench_.jobs.Claim("worker-1", absl::Minutes(1))->value();  // the first one again
    ASSERT_EQ(other.job_id, first);
    const Lease equal = bench_.Claim();
    ASSERT_EQ(equal.job_id, second);
    ASSERT_THAT(bench_.jobs.SetCheckpoint(equal, checkpoint), IsOk());
    FakePipeline resumed({.fail_with = ends ? absl::InternalError("broken") : absl::OkStatus(),
                          .at_boundary = [&](Phase, int) { bench_.clock.Advance(absl::Seconds(20)); }});
    EXPECT_EQ(JobRun(other, tools).Run(resumed).ok(), !ends);
    EXPECT_THAT(bench_.artifacts->ReadBlob(checkpoint.sha256), IsOk());
    ASSERT_THAT(bench_.jobs.Finish(equal, JobFailed{absl::InternalError("no more")}), IsOk());
  }
}

// Each is a moment in which the database goes away: before the job has begun, and before it is told what was made.
TEST_F(JobRunStoreTest, TellsAStoreThatWasAwayOnceItIsBack) {
  const std::string whole = Uninterrupted();
  constexpr int kRefusals = 20;
  const std::string begun = bench_.CreateJob();
  const Lease lease = bench_.Claim();
  bench_.jobs.GoAwayFor(kRefusals);
  FakePipeline pipeline;
  const WorkerTools tools = bench_.Tools();
  EXPECT_THAT(JobRun(lease, tools).Run(pipeline), IsOk());
  const std::string ended = bench_.CreateJob();
  const auto go_away = [&](Phase phase, int done) {
    if (phase == Phase::kDecoding && done == TestSpec().frame_count)
      bench_.jobs.GoAwayFor(kRefusals);
  };
  EXPECT_THAT(RunNext({.at_boundary = go_away}), IsOk());
  for (const std::string& id : {begun, ended}) {
    EXPECT_EQ(bench_.Get(id).state, JobState::kSucceeded);
    EXPECT_EQ(bench_.Get(id).crashes, 0);
    EXPECT_EQ(bench_.BytesOf(id), whole);
    EXPECT_THAT(bench_.EventsOf<JobStarted>(id), SizeIs(1));
  }
  EXPECT_EQ(bench_.jobs.refusals_left(), 0);
  EXPECT_THAT(bench_.troubles, testing::Each(HasReason(reason::kStoreUnavailable)));
  EXPECT_THAT(bench_.troubles, testing::Not(IsEmpty()));
}

// A third of the lease is too long a wait where the lease has to be renewed as soon as the store is back.
TEST_F(JobRunStoreTest, ALeaseIsRenewedUntilTheStoreAnswers) {
  bench_.CreateJob();
  const Lease lease = bench_.Claim();
  CancellationSource cancellation;
  bench_.jobs.HideFor(20);
  const LeaseKeeper keeper(bench_.jobs, lease, {.lease = absl::Hours(10), .retry = absl::ZeroDuration()}, cancellation);
  while (bench_.jobs.hidden_looks_left() > 0)
    std::this_thread::yield();
  EXPECT_THAT(cancellation.token().Check(), IsOk());
}

TEST_F(JobRunStoreTest, DoesNotWaitForAStoreWhenItIsToStop) {
  const std::string id = bench_.CreateJob();
  const Lease lease = bench_.Claim();
  const WorkerTools tools = bench_.Tools();
  JobRun run(lease, tools);
  const auto stop = [&](Phase phase, int done) {
    if (phase != Phase::kDenoising || done != 1)
      return;
    run.RequestHandBack();
    bench_.jobs.GoAwayFor(1'000'000);
  };
  FakePipeline pipeline({.at_boundary = stop});
  EXPECT_THAT(run.Run(pipeline), HasReason(reason::kHandedBack));
  EXPECT_GT(bench_.jobs.refusals_left(), 0);
  EXPECT_EQ(bench_.Get(id).state, JobState::kRunning);  // until its lease ends
}

}  // namespace
}  // namespace ruyi
