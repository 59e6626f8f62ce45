#include <algorithm>
#include <mutex>
#include <set>
#include <thread>

#include "absl/strings/str_cat.h"
#include "tests/core/store/job_store_conformance.h"

namespace ruyi {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST_P(JobStoreConformance, NothingWaitsInAnEmptyStore) {
  ASSERT_OK_AND_ASSIGN(const std::optional<Lease> lease, store().Claim("worker", kLease));
  EXPECT_FALSE(lease.has_value());
}

TEST_P(JobStoreConformance, AClaimedJobRuns) {
  const Lease lease = CreateAndClaim("a");
  EXPECT_EQ(lease.job_id, "a");
  EXPECT_GT(lease.token, 0);
  EXPECT_EQ(lease.record.state, JobState::kRunning);
  EXPECT_EQ(lease.record.attempts, 1);
  EXPECT_EQ(lease.record.spec.steps, 3);
  EXPECT_EQ(Get("a").state, JobState::kRunning);
  ASSERT_OK_AND_ASSIGN(const std::optional<Lease> second, store().Claim("worker", kLease));
  EXPECT_FALSE(second.has_value());
}

TEST_P(JobStoreConformance, TokensGrow) {
  const Lease first = CreateAndClaim("a");
  const Lease second = CreateAndClaim("b");
  EXPECT_GT(second.token, first.token);
  ASSERT_THAT(store().HandBack(first), IsOk());
  const Lease third = Claim();
  EXPECT_GT(third.token, second.token);
  EXPECT_EQ(third.record.attempts, 2);
  if (!place_->IsLasting())
    return;
  ASSERT_THAT(store().HandBack(third), IsOk());
  Reopen();
  EXPECT_GT(Claim().token, third.token);
}

TEST_P(JobStoreConformance, NoTwoWorkersGetOneJob) {
  constexpr int kJobs = 1000;
  for (int i = 0; i < kJobs; ++i)
    Create(absl::StrCat(i));
  std::mutex mutex;
  std::multiset<std::string> claimed;
  std::set<int64_t> tokens;
  std::vector<std::thread> workers;
  for (int i = 0; i < 8; ++i) {
    workers.emplace_back([&] {
      while (true) {
        const auto lease = store().Claim("worker", kLease);
        if (!lease.ok() || !lease->has_value())
          return;
        const std::lock_guard<std::mutex> lock(mutex);
        claimed.insert((*lease)->job_id);
        tokens.insert((*lease)->token);
      }
    });
  }
  for (std::thread& worker : workers)
    worker.join();
  EXPECT_EQ(claimed.size(), kJobs);
  EXPECT_EQ(std::set<std::string>(claimed.begin(), claimed.end()).size(), kJobs);
  EXPECT_EQ(tokens.size(), kJobs);
}

TEST_P(JobStoreConformance, AppendedEventsReachTheLogAndTheRecord) {
  const Lease lease = CreateAndClaim("a");
  Pass(absl::Seconds(5));
  JobStarted started = {.worker = "gpu 0", .attempt = 1};
  started.placement.reason = "the worker's";
  EXPECT_EQ(*store().Append(lease, started), 3);
  EXPECT_EQ(*store().Append(lease, TestProgress(1)), 4);
  EXPECT_EQ(*store().Append(lease, JobPreview{.step = 1, .size = {8, 4}, .jpeg = std::string("\xff\0\xd8", 3)}), 5);
  const JobRecord record = Get("a");
  EXPECT_EQ(record.start_time, clock_.Now());
  EXPECT_EQ(record.placement.reason, "the worker's");
  EXPECT_EQ(record.progress->progress.done, 1);
  EXPECT_EQ(record.last_seq, 5);
  const std::vector<LoggedEvent> log = Log("a");
  ASSERT_EQ(log.size(), 5u);
  EXPECT_EQ(std::get<JobStarted>(log[2].event).worker, "gpu 0");
  EXPECT_EQ(log[2].time, clock_.Now());
  EXPECT_EQ(std::get<JobPreview>(log[4].event).jpeg, std::string("\xff\0\xd8", 3));
}

TEST_P(JobStoreConformance, AWorkerAppendsOnlyWhatItDoes) {
  const Lease lease = CreateAndClaim("a");
  for (const JobEvent& event : std::vector<JobEvent>{JobAccepted{}, JobQueued{}, JobCancelling{absl::CancelledError()},
                                                     TestCompleted(), JobFailed{absl::InternalError("")}})
    EXPECT_THAT(store().Append(lease, event), StatusIs(absl::StatusCode::kInvalidArgument)) << event.index();
  EXPECT_THAT(store().Finish(lease, TestProgress(1)), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_EQ(Get("a").last_seq, 2);
}

TEST_P(JobStoreConformance, NumbersHaveNoGapsWhenManyAppend) {
  const Lease lease = CreateAndClaim("a");
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int done = 0; done < 25; ++done)
        EXPECT_THAT(store().Append(lease, TestProgress(done)), IsOk());
    });
  }
  for (std::thread& thread : threads)
    thread.join();
  const std::vector<LoggedEvent> log = Log("a");
  ASSERT_EQ(log.size(), 202u);
  for (size_t i = 0; i < log.size(); ++i)
    EXPECT_EQ(log[i].seq, static_cast<int64_t>(i) + 1);
  EXPECT_EQ(Get("a").last_seq, 202);
}

TEST_P(JobStoreConformance, ARenewedLeaseLastsFromNow) {
  const Lease lease = CreateAndClaim("a");
  Pass(kLease - absl::Seconds(1));
  EXPECT_THAT(store().Renew(lease, kLease), IsOk());
  Pass(kLease - absl::Seconds(1));
  EXPECT_THAT(store().Sweep()->taken_back, ElementsAre());
  EXPECT_THAT(store().Append(lease, TestProgress(1)), IsOk());
  Pass(absl::Seconds(2));
  EXPECT_THAT(store().Sweep()->taken_back, ElementsAre("a"));
  EXPECT_THAT(store().Renew(lease, kLease), IsLeaseLost());
}

TEST_P(JobStoreConformance, ALeaseThatRanOutUnnoticedGoesOn) {
  const Lease lease = CreateAndClaim("a");
  Pass(kOverLease);
  EXPECT_THAT(store().Renew(lease, kLease), IsOk());
  EXPECT_THAT(store().Sweep()->taken_back, ElementsAre());
}

TEST_P(JobStoreConformance, AnOldLeaseIsWorthNothing) {
  const Lease old = CreateAndClaim("a");
  Pass(kOverLease);
  ASSERT_THAT(store().Sweep(), IsOk());
  for (const bool is_claimed_again : {false, true}) {
    const Lease next = is_claimed_again ? Claim() : Lease();
    EXPECT_THAT(store().Renew(old, kLease), IsLeaseLost());
    EXPECT_THAT(store().Append(old, TestProgress(1)), IsLeaseLost());
    EXPECT_THAT(store().SetCheckpoint(old, {.step = 1, .sha256 = "c"}), IsLeaseLost());
    EXPECT_THAT(store().SetOutcome(old, TestCompleted()), IsLeaseLost());
    EXPECT_THAT(store().HandBack(old), IsLeaseLost());
    EXPECT_THAT(store().Finish(old, TestCompleted()), IsLeaseLost());
    EXPECT_EQ(Get("a").state, is_claimed_again ? JobState::kRunning : JobState::kQueued);
    EXPECT_EQ(Get("a").checkpoint.has_value(), false);
    if (is_claimed_again) {
      EXPECT_THAT(store().Append(next, TestProgress(1)), IsOk());
    }
  }
}

TEST_P(JobStoreConformance, ALeaseEndsWithItsJob) {
  const Lease lease = CreateAndClaim("a");
  ASSERT_THAT(store().Finish(lease, TestCompleted()), IsOk());
  EXPECT_THAT(store().Renew(lease, kLease), IsLeaseLost());
  EXPECT_THAT(store().Append(lease, TestProgress(1)), IsLeaseLost());
  EXPECT_THAT(store().Finish(lease, TestCompleted()), IsLeaseLost());
  EXPECT_THAT(store().HandBack(lease), IsLeaseLost());
  ASSERT_THAT(store().Delete("a"), IsOk());
  EXPECT_THAT(store().Append(lease, TestProgress(1)), IsLeaseLost());
  EXPECT_THAT(store().Append(Lease(), TestProgress(1)), IsLeaseLost());
}

TEST_P(JobStoreConformance, TheWaitIsMeasuredWithoutTheWallClock) {
  for (const absl::Duration step : {absl::Hours(24), -absl::Hours(24)}) {
    const std::string name = absl::FormatDuration(step);
    Create(name);
    Pass(absl::Seconds(7));
    clock_.StepWall(step);
    const Lease lease = Claim();
    EXPECT_EQ(lease.record.queued, absl::Seconds(7)) << name;
    ASSERT_THAT(store().HandBack(lease), IsOk());
    Pass(absl::Seconds(9));
    EXPECT_EQ(Claim().record.queued, absl::Seconds(7)) << name;
  }
}

TEST_P(JobStoreConformance, ACheckpointIsKeptForTheNextAttempt) {
  const Lease lease = CreateAndClaim("a");
  ASSERT_THAT(store().SetCheckpoint(lease, {.step = 2, .sha256 = "check", .worked = absl::Seconds(9)}), IsOk());
  ASSERT_THAT(store().HandBack(lease), IsOk());
  const Lease next = Claim();
  ASSERT_TRUE(next.record.checkpoint.has_value());
  EXPECT_EQ(next.record.checkpoint->step, 2);
  EXPECT_EQ(next.record.checkpoint->sha256, "check");
  EXPECT_EQ(next.record.checkpoint->worked, absl::Seconds(9));
  ASSERT_THAT(store().Append(next, JobResumed{.step = 2}), IsOk());
  EXPECT_EQ(Get("a").resumes, 1);
}

TEST_P(JobStoreConformance, ACheckpointIsOneUntilTheLastJobThatHasItEnds) {
  const Lease first = CreateAndClaim("a");
  const Lease second = CreateAndClaim("b");
  EXPECT_FALSE(*store().IsCheckpoint("checkpoint"));
  for (const Lease& lease : {first, second})
    ASSERT_THAT(store().SetCheckpoint(lease, {.step = 1, .sha256 = "checkpoint"}), IsOk());
  ASSERT_THAT(store().Finish(first, TestCompleted()), IsOk());
  EXPECT_TRUE(*store().IsCheckpoint("checkpoint"));
  EXPECT_FALSE(*store().IsCheckpoint("another"));
  ASSERT_THAT(store().SetCheckpoint(second, {.step = 2, .sha256 = "later"}), IsOk());
  EXPECT_FALSE(*store().IsCheckpoint("checkpoint"));
  EXPECT_TRUE(*store().IsCheckpoint("later"));
}

TEST_P(JobStoreConformance, AnOutcomeIsKeptForTheNextAttempt) {
  const Lease lease = CreateAndClaim("a");
  ASSERT_THAT(store().SetOutcome(lease, TestCompleted()), IsOk());
  ASSERT_THAT(store().HandBack(lease), IsOk());
  const Lease next = Claim();
  ASSERT_TRUE(next.record.outcome.has_value());
  EXPECT_EQ(next.record.outcome->usage.denoising, TestCompleted().usage.denoising);
  EXPECT_FALSE(next.record.result.has_value());
  ASSERT_THAT(store().Finish(next, *next.record.outcome), IsOk());
  EXPECT_FALSE(Get("a").outcome.has_value());
}

TEST_P(JobStoreConformance, AJobThatIsHandedBackTakesItsOldPlace) {
  Create("a");
  Create("b");
  const Lease lease = Claim();
  ASSERT_THAT(store().Append(lease, JobStarted{.worker = "w", .attempt = 1}), IsOk());
  const absl::Time first_start = clock_.Now();
  Create("c");
  ASSERT_THAT(store().HandBack(lease), IsOk());
  EXPECT_THAT(*store().QueueOrder(), ElementsAre("a", "b", "c"));
  const JobRecord record = Get("a");
  EXPECT_EQ(record.state, JobState::kQueued);
  EXPECT_EQ(record.crashes, 0);
  EXPECT_EQ(std::get<JobQueued>(Log("a").back().event).position, 0);
  Pass(absl::Seconds(7));
  ASSERT_THAT(store().Append(Claim(), JobStarted{.worker = "w", .attempt = 2}), IsOk());
  EXPECT_EQ(Get("a").start_time, first_start);
  EXPECT_EQ(Get("a").attempts, 2);
}

TEST_P(JobStoreConformance, AJobThatIsHandedBackHasTheRunningOnesBeforeIt) {
  Create("a");
  Create("b");
  const Lease first = Claim();
  Claim();
  ASSERT_THAT(store().HandBack(first), IsOk());
  EXPECT_EQ(std::get<JobQueued>(Log("a").back().event).position, 1);
  EXPECT_EQ(std::get<JobQueued>(Log("a").back().event).expected_wait, absl::Seconds(2));
}

TEST_P(JobStoreConformance, ACancelledJobThatIsHandedBackEnds) {
  const Lease lease = CreateAndClaim("a");
  ASSERT_THAT(store().Cancel("a", absl::CancelledError("enough")), IsOk());
  ASSERT_THAT(store().HandBack(lease), IsOk());
  EXPECT_EQ(Get("a").state, JobState::kCancelled);
  EXPECT_EQ(std::get<JobFailed>(Log("a").back().event).status, absl::CancelledError("enough"));
}

TEST_P(JobStoreConformance, AFinishedVideoIsInTheRecord) {
  const Lease lease = CreateAndClaim("a");
  Pass(absl::Seconds(10));
  ASSERT_THAT(store().Finish(lease, TestCompleted()), IsOk());
  const JobRecord record = Get("a");
  EXPECT_EQ(record.state, JobState::kSucceeded);
  EXPECT_EQ(record.end_time, clock_.Now());
  EXPECT_EQ(record.expire_time, clock_.Now() + options_.result_ttl);
  EXPECT_EQ(record.result->file, TestCompleted().result.file);
  EXPECT_EQ(record.usage->denoising, absl::Seconds(3));
  EXPECT_THAT(record.error, IsOk());
  EXPECT_TRUE(Is<JobCompleted>(Log("a").back()));
}

TEST_P(JobStoreConformance, AFailureIsInTheRecordWithAllItSays) {
  const absl::Status why = WithErrorInfo(
      absl::ResourceExhaustedError("too large"),
      {.reason = "GPU_OUT_OF_MEMORY", .metadata = {{"mode", "12 blocks"}}, .retry_delay = absl::Seconds(3)});
  CreateAndFinish("a", JobFailed{why});
  const JobRecord record = Get("a");
  EXPECT_EQ(record.state, JobState::kFailed);
  EXPECT_EQ(record.error, why);
  EXPECT_EQ(record.end_time, clock_.Now());
  EXPECT_FALSE(record.expire_time.has_value());
  EXPECT_EQ(std::get<JobFailed>(Log("a").back().event).status, why);
}

TEST_P(JobStoreConformance, ACancelledEndIsNoFailure) {
  CreateAndFinish("a", JobFailed{absl::CancelledError("stopped")});
  EXPECT_EQ(Get("a").state, JobState::kCancelled);
}

TEST_P(JobStoreConformance, CancelEndsAJobThatWaits) {
  Create("a");
  Create("b");
  ASSERT_OK_AND_ASSIGN(const JobRecord record, store().Cancel("a", absl::CancelledError("no more")));
  EXPECT_EQ(record.state, JobState::kCancelled);
  EXPECT_EQ(record.error, absl::CancelledError("no more"));
  EXPECT_EQ(record.end_time, clock_.Now());
  EXPECT_TRUE(Is<JobFailed>(Log("a").back()));
  EXPECT_THAT(ClaimAll(), ElementsAre("b"));
}

TEST_P(JobStoreConformance, CancelForAnotherReasonIsAFailure) {
  Create("a");
  EXPECT_EQ(store().Cancel("a", absl::DeadlineExceededError("late"))->state, JobState::kFailed);
}

TEST_P(JobStoreConformance, CancelTellsTheWorkerOfAJobThatRuns) {
  const Lease lease = CreateAndClaim("a");
  ASSERT_OK_AND_ASSIGN(const JobRecord record, store().Cancel("a", absl::CancelledError("no more")));
  EXPECT_EQ(record.state, JobState::kCancelling);
  EXPECT_TRUE(Is<JobCancelling>(Log("a").back()));
  EXPECT_EQ(store().Renew(lease, kLease), absl::CancelledError("no more"));
  ASSERT_THAT(store().Append(lease, JobStarted{.worker = "w", .attempt = 1}), IsOk());
  EXPECT_EQ(Get("a").state, JobState::kCancelling);
  ASSERT_THAT(store().Finish(lease, JobFailed{record.error}), IsOk());
  EXPECT_EQ(Get("a").state, JobState::kCancelled);
}

TEST_P(JobStoreConformance, TheFirstCancelCounts) {
  CreateAndClaim("a");
  ASSERT_THAT(store().Cancel("a", absl::CancelledError("first")), IsOk());
  const int64_t seq = Get("a").last_seq;
  ASSERT_OK_AND_ASSIGN(const JobRecord record, store().Cancel("a", absl::CancelledError("second")));
  EXPECT_EQ(record.state, JobState::kCancelling);
  EXPECT_EQ(record.error, absl::CancelledError("first"));
  EXPECT_EQ(record.last_seq, seq);
}

TEST_P(JobStoreConformance, AVideoThatIsFinishedBeforeItsCancelSucceeds) {
  const Lease lease = CreateAndClaim("a");
  ASSERT_THAT(store().Cancel("a", absl::CancelledError("no more")), IsOk());
  ASSERT_THAT(store().Finish(lease, TestCompleted()), IsOk());
  EXPECT_EQ(Get("a").state, JobState::kSucceeded);
  EXPECT_THAT(Get("a").error, IsOk());
}

TEST_P(JobStoreConformance, CancelLeavesWhatHasEnded) {
  CreateAndFinish("a", TestCompleted());
  CreateAndFinish("b", JobFailed{absl::InternalError("broken")});
  EXPECT_EQ(store().Cancel("a", absl::CancelledError("no"))->state, JobState::kSucceeded);
  EXPECT_EQ(store().Cancel("b", absl::CancelledError("no"))->error, absl::InternalError("broken"));
  EXPECT_THAT(store().Cancel("c", absl::CancelledError("no")),
              testing::AllOf(StatusIs(absl::StatusCode::kNotFound, HasSubstr("'c'")), HasReason("NOT_FOUND")));
}

TEST_P(JobStoreConformance, CancelAllReachesEveryJob) {
  CreateAndFinish("ended", TestCompleted());
  const Lease lease = CreateAndClaim("running");
  Create("waiting");
  ASSERT_THAT(store().CancelAll(absl::CancelledError("all")), IsOk());
  EXPECT_EQ(Get("ended").state, JobState::kSucceeded);
  EXPECT_EQ(Get("running").state, JobState::kCancelling);
  EXPECT_EQ(Get("waiting").state, JobState::kCancelled);
  EXPECT_EQ(store().Renew(lease, kLease), absl::CancelledError("all"));
  EXPECT_THAT(store().CancelAll(absl::CancelledError("again")), IsOk());
}

}  // namespace
}  // namespace ruyi
