#include "core/job/job_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <thread>
#include <vector>

#include "core/base/error_info.h"
#include "core/base/error_reasons.h"
#include "tests/support/fake_clock.h"
#include "tests/support/recording_event_sink.h"
#include "tests/support/status_matchers.h"
#include "tests/support/test_job.h"

namespace ruyi {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

constexpr absl::StatusCode kCancelled = absl::StatusCode::kCancelled;

struct WatchedJob {
  std::shared_ptr<RecordingEventSink> sink = std::make_shared<RecordingEventSink>();
  std::shared_ptr<Job> job;

  std::vector<int> Positions() const {
    std::vector<int> positions;
    for (const JobQueued& queued : sink->EventsOf<JobQueued>())
      positions.push_back(queued.position);
    return positions;
  }

  // Of every JobFailed.
  std::vector<absl::Status> Failures() const {
    std::vector<absl::Status> failures;
    for (const JobFailed& failed : sink->EventsOf<JobFailed>())
      failures.push_back(failed.status);
    return failures;
  }
};

class JobQueueTest : public testing::Test {
 protected:
  WatchedJob NewJob() const {
    WatchedJob watched;
    watched.job = TestJob(watched.sink, clock_);
    return watched;
  }

  WatchedJob PushJob() {
    WatchedJob watched = NewJob();
    EXPECT_THAT(queue_.Push(watched.job), IsOk());
    return watched;
  }

  FakeClock clock_;
  JobQueue queue_{3};
};

TEST_F(JobQueueTest, GivesJobsOutInTheirOrder) {
  const WatchedJob jobs[] = {PushJob(), PushJob(), PushJob()};
  for (const WatchedJob& watched : jobs)
    EXPECT_EQ(queue_.Pop(), watched.job);
}

TEST_F(JobQueueTest, CountsWhatWaitsAndWhatIsBeingMade) {
  PushJob();
  PushJob();
  const std::shared_ptr<Job> running = queue_.Pop();
  EXPECT_EQ(queue_.capacity(), 3u);
  EXPECT_EQ(queue_.waiting(), 1u);
  EXPECT_EQ(queue_.running(), 1u);
  queue_.Done(*running);
  EXPECT_EQ(queue_.running(), 0u);
}

TEST_F(JobQueueTest, ReportsHowManyJobsAreBeforeANewOne) {
  PushJob();
  queue_.Pop();
  EXPECT_THAT(PushJob().Positions(), ElementsAre(1));
  EXPECT_THAT(PushJob().Positions(), ElementsAre(2));
}

TEST_F(JobQueueTest, ReportsThePositionZeroWhenNothingIsBefore) {
  EXPECT_THAT(PushJob().Positions(), ElementsAre(0));
}

TEST_F(JobQueueTest, ReportsPositionsAgainWhenTheyChange) {
  const WatchedJob first = PushJob();
  const WatchedJob second = PushJob();
  const WatchedJob third = PushJob();
  queue_.Done(*queue_.Pop());
  EXPECT_THAT(first.Positions(), ElementsAre(0));
  EXPECT_THAT(second.Positions(), ElementsAre(1, 0));
  EXPECT_THAT(third.Positions(), ElementsAre(2, 1));
}

TEST_F(JobQueueTest, ReportsNoPositionWhenAJobIsTaken) {
  PushJob();
  const WatchedJob second = PushJob();
  queue_.Pop();
  EXPECT_THAT(second.Positions(), ElementsAre(1));
}

TEST_F(JobQueueTest, RefusesMoreJobsThanItsCapacity) {
  for (int i = 0; i < 3; ++i)
    PushJob();
  const WatchedJob refused = NewJob();
  const absl::Status status = queue_.Push(refused.job);
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_THAT(status, HasReason(reason::kQueueFull));
  EXPECT_THAT(GetErrorInfo(status).metadata, ElementsAre(Pair("queue_capacity", "3")));
  EXPECT_GT(GetErrorInfo(status).retry_delay, absl::ZeroDuration());
  EXPECT_THAT(refused.sink->events(), IsEmpty());
}

TEST_F(JobQueueTest, CountsOnlyWaitingJobsTowardsItsCapacity) {
  for (int i = 0; i < 3; ++i)
    PushJob();
  queue_.Pop();
  EXPECT_THAT(queue_.Push(NewJob().job), IsOk());
  EXPECT_THAT(queue_.Push(NewJob().job), HasReason(reason::kQueueFull));
}

TEST_F(JobQueueTest, RefusesJobsOnceClosed) {
  queue_.Close();
  const WatchedJob refused = NewJob();
  const absl::Status status = queue_.Push(refused.job);
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(status, HasReason(reason::kDraining));
  EXPECT_GT(GetErrorInfo(status).retry_delay, absl::ZeroDuration());
  EXPECT_THAT(refused.sink->events(), IsEmpty());
}

TEST_F(JobQueueTest, GivesOutWhatWaitedWhenItWasClosed) {
  const WatchedJob watched = PushJob();
  queue_.Close();
  EXPECT_EQ(queue_.Pop(), watched.job);
  EXPECT_EQ(queue_.Pop(), nullptr);
}

TEST_F(JobQueueTest, WakesAWaitingWorkerWithAJob) {
  std::shared_ptr<Job> popped;
  std::thread worker([&] { popped = queue_.Pop(); });
  const WatchedJob watched = PushJob();
  worker.join();
  EXPECT_EQ(popped, watched.job);
}

TEST_F(JobQueueTest, WakesAWaitingWorkerWhenItCloses) {
  std::shared_ptr<Job> popped = NewJob().job;
  std::thread worker([&] { popped = queue_.Pop(); });
  queue_.Close();
  worker.join();
  EXPECT_EQ(popped, nullptr);
}

TEST_F(JobQueueTest, EndsACancelledJobAtOnceWhileItWaits) {
  const WatchedJob first = PushJob();
  const WatchedJob second = PushJob();
  const WatchedJob third = PushJob();
  queue_.Cancel(*second.job, absl::CancelledError("the caller left"));
  EXPECT_THAT(second.Failures(), ElementsAre(StatusIs(kCancelled, "the caller left")));
  EXPECT_THAT(first.Positions(), ElementsAre(0));
  EXPECT_THAT(third.Positions(), ElementsAre(2, 1));
  EXPECT_EQ(queue_.waiting(), 2u);
  EXPECT_EQ(queue_.Pop(), first.job);
  EXPECT_EQ(queue_.Pop(), third.job);
}

TEST_F(JobQueueTest, ReportsTheFirstCauseOfTheEndOfAWaitingJob) {
  const WatchedJob watched = PushJob();
  watched.job->cancellation.Cancel(absl::AbortedError("first"));
  queue_.Cancel(*watched.job, absl::CancelledError("second"));
  EXPECT_THAT(watched.Failures(), ElementsAre(StatusIs(absl::StatusCode::kAborted, "first")));
}

TEST_F(JobQueueTest, LeavesTheEndOfARunningJobToItsWorker) {
  const WatchedJob watched = PushJob();
  queue_.Pop();
  queue_.Cancel(*watched.job, absl::CancelledError("the caller left"));
  EXPECT_THAT(watched.Failures(), IsEmpty());
  EXPECT_THAT(watched.job->cancellation.token().Check(), StatusIs(kCancelled, "the caller left"));
  EXPECT_EQ(queue_.running(), 1u);
}

TEST_F(JobQueueTest, EndsAJobOnlyOnce) {
  const WatchedJob watched = PushJob();
  queue_.Cancel(*watched.job, absl::CancelledError("once"));
  queue_.Cancel(*watched.job, absl::CancelledError("twice"));
  queue_.CancelAll(absl::CancelledError("all"));
  EXPECT_THAT(watched.Failures(), ElementsAre(StatusIs(kCancelled, "once")));
}

TEST_F(JobQueueTest, CancelsEveryJob) {
  const WatchedJob running = PushJob();
  queue_.Pop();
  const WatchedJob second = PushJob();
  const WatchedJob third = PushJob();
  queue_.CancelAll(absl::CancelledError("shutting down"));
  EXPECT_THAT(running.Failures(), IsEmpty());
  EXPECT_THAT(running.job->cancellation.token().Check(), StatusIs(kCancelled, "shutting down"));
  EXPECT_THAT(second.Failures(), ElementsAre(StatusIs(kCancelled, "shutting down")));
  EXPECT_THAT(third.Failures(), ElementsAre(StatusIs(kCancelled, "shutting down")));
  EXPECT_EQ(queue_.waiting(), 0u);
  EXPECT_EQ(queue_.running(), 1u);
}

TEST_F(JobQueueTest, FailsAJobThatExpiredWhileItWaited) {
  const WatchedJob expired = PushJob();
  const WatchedJob next = PushJob();
  const WatchedJob last = PushJob();
  expired.job->cancellation.LimitDeadline(clock_.Now() + absl::Seconds(5));
  clock_.Advance(absl::Seconds(5));
  EXPECT_EQ(queue_.Pop(), next.job);
  EXPECT_THAT(expired.Failures(), ElementsAre(HasReason(reason::kJobTimeout)));
  EXPECT_THAT(next.Positions(), ElementsAre(1, 0));
  EXPECT_THAT(last.Positions(), ElementsAre(2, 1));
  EXPECT_EQ(queue_.running(), 1u);
}

TEST_F(JobQueueTest, GivesNothingOutWhenAllExpiredAndItIsClosed) {
  const WatchedJob expired = PushJob();
  expired.job->cancellation.LimitDeadline(clock_.Now());
  queue_.Close();
  EXPECT_EQ(queue_.Pop(), nullptr);
  EXPECT_THAT(expired.Failures(), ElementsAre(HasReason(reason::kJobTimeout)));
}

TEST_F(JobQueueTest, GoesOnWhenNobodyListensToAJob) {
  const auto deaf = std::make_shared<RecordingEventSink>(0);
  const std::shared_ptr<Job> job = TestJob(deaf, clock_);
  EXPECT_THAT(queue_.Push(job), IsOk());
  EXPECT_THAT(PushJob().Positions(), ElementsAre(1));
}

TEST_F(JobQueueTest, IsIdleWhenNothingWaitsOrIsBeingMade) {
  EXPECT_TRUE(queue_.AwaitIdle(absl::ZeroDuration()));
  PushJob();
  EXPECT_FALSE(queue_.AwaitIdle(absl::ZeroDuration()));
  const std::shared_ptr<Job> running = queue_.Pop();
  EXPECT_FALSE(queue_.AwaitIdle(absl::ZeroDuration()));
  queue_.Done(*running);
  EXPECT_TRUE(queue_.AwaitIdle(absl::ZeroDuration()));
}

TEST_F(JobQueueTest, SumsWhatItsJobsArePredictedToTake) {
  EXPECT_EQ(queue_.predicted_seconds(), 0);
  std::vector<WatchedJob> jobs(3);
  for (int i = 0; i < 3; ++i) {
    GenerationPlan plan = TestPlan();
    plan.prediction.Of(Stage::kDenoise).seconds = 10 << i;
    plan.prediction.Of(Stage::kDecode).seconds = 0.5;
    jobs[i].job = TestJob(jobs[i].sink, clock_, plan);
    EXPECT_THAT(queue_.Push(jobs[i].job), IsOk());
  }
  EXPECT_DOUBLE_EQ(queue_.predicted_seconds(), 71.5);
  const std::shared_ptr<Job> running = queue_.Pop();  // counts as long as it is being made
  EXPECT_DOUBLE_EQ(queue_.predicted_seconds(), 71.5);
  queue_.Cancel(*jobs[1].job, absl::CancelledError("the caller left"));
  EXPECT_DOUBLE_EQ(queue_.predicted_seconds(), 51);
  queue_.Done(*running);
  EXPECT_DOUBLE_EQ(queue_.predicted_seconds(), 40.5);
}

TEST_F(JobQueueTest, WaitsUntilAnotherThreadHasMadeTheLastJob) {
  PushJob();
  PushJob();
  std::thread worker([&] {
    for (int i = 0; i < 2; ++i)
      queue_.Done(*queue_.Pop());
  });
  EXPECT_TRUE(queue_.AwaitIdle(absl::InfiniteDuration()));
  EXPECT_EQ(queue_.waiting() + queue_.running(), 0u);
  worker.join();
}

TEST_F(JobQueueTest, GivesEachJobToOneOfTwoWorkers) {
  constexpr int kJobs = 200;
  JobQueue queue(kJobs);
  std::vector<WatchedJob> jobs(kJobs);
  std::vector<std::shared_ptr<Job>> taken[2];
  const auto work = [&](int worker) {
    while (const std::shared_ptr<Job> job = queue.Pop()) {
      taken[worker].push_back(job);
      queue.Done(*job);
    }
  };
  std::thread first(work, 0);
  std::thread second(work, 1);
  for (WatchedJob& watched : jobs) {
    watched.job = TestJob(watched.sink, clock_);
    EXPECT_THAT(queue.Push(watched.job), IsOk());
  }
  queue.Close();
  first.join();
  second.join();
  EXPECT_EQ(taken[0].size() + taken[1].size(), jobs.size());
}

}  // namespace
}  // namespace ruyi
