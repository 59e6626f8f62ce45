#include "core/job/job_record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/status_matchers.h"

namespace ruyi {
namespace {

const absl::Time kTime = absl::FromUnixSeconds(1000);

TEST(IsEndedTest, TellsWhetherAWorkerMayTouchTheJob) {
  for (const JobState state : {JobState::kQueued, JobState::kRunning, JobState::kCancelling})
    EXPECT_FALSE(IsEnded(state));
  for (const JobState state : {JobState::kSucceeded, JobState::kFailed, JobState::kCancelled, JobState::kExpired})
    EXPECT_TRUE(IsEnded(state));
}

TEST(ApplyTest, AcceptedGivesTheTimeOfCreation) {
  JobRecord record;
  Apply(JobAccepted{}, kTime, record);
  EXPECT_EQ(record.create_time, kTime);
}

TEST(ApplyTest, QueuedWaits) {
  JobRecord record = {.state = JobState::kRunning};
  Apply(JobQueued{}, kTime, record);
  EXPECT_EQ(record.state, JobState::kQueued);
}

TEST(ApplyTest, StartedRunsFromTheFirstAttemptOn) {
  JobRecord record;
  Apply(JobStarted{.worker = "worker-0", .attempt = 1, .placement = {.reason = "first"}}, kTime, record);
  EXPECT_EQ(record.state, JobState::kRunning);
  EXPECT_EQ(record.start_time, kTime);
  EXPECT_EQ(record.placement.reason, "first");
  EXPECT_EQ(record.attempts, 1);
  EXPECT_EQ(record.worker, "worker-0");
  Apply(JobStarted{.worker = "worker-1", .attempt = 2, .placement = {.reason = "second"}}, kTime + absl::Seconds(1),
        record);
  EXPECT_EQ(record.start_time, kTime);
  EXPECT_EQ(record.placement.reason, "second");
  EXPECT_EQ(record.attempts, 2);
  EXPECT_EQ(record.worker, "worker-1");
}

TEST(ApplyTest, StartedDoesNotUndoACancel) {
  JobRecord record = {.state = JobState::kCancelling};
  Apply(JobStarted{}, kTime, record);
  EXPECT_EQ(record.state, JobState::kCancelling);
}

TEST(ApplyTest, ResumedCounts) {
  JobRecord record;
  Apply(JobResumed{}, kTime, record);
  Apply(JobResumed{}, kTime, record);
  EXPECT_EQ(record.resumes, 2);
}

TEST(ApplyTest, ProgressIsTheLatest) {
  JobRecord record;
  Apply(JobProgress{.progress = {.done = 1}}, kTime, record);
  Apply(JobProgress{.progress = {.done = 2}}, kTime, record);
  EXPECT_EQ(record.progress->progress.done, 2);
}

TEST(ApplyTest, PreviewAndRetryChangeNothing) {
  JobRecord record = {.state = JobState::kRunning};
  Apply(JobPreview{}, kTime, record);
  Apply(JobRetry{}, kTime, record);
  EXPECT_EQ(record.state, JobState::kRunning);
  EXPECT_FALSE(record.progress.has_value());
}

TEST(ApplyTest, CancellingSaysWhy) {
  JobRecord record = {.state = JobState::kRunning};
  Apply(JobCancelling{absl::CancelledError("why")}, kTime, record);
  EXPECT_EQ(record.state, JobState::kCancelling);
  EXPECT_EQ(record.error, absl::CancelledError("why"));
  EXPECT_FALSE(record.end_time.has_value());
}

TEST(ApplyTest, CompletedSucceedsAlsoAfterACancel) {
  JobRecord record = {.state = JobState::kCancelling, .error = absl::CancelledError("why")};
  Apply(JobCompleted{.result = {.frame_count = 8}, .usage = {.resumes = 1}}, kTime, record);
  EXPECT_EQ(record.state, JobState::kSucceeded);
  EXPECT_EQ(record.end_time, kTime);
  EXPECT_EQ(record.result->frame_count, 8);
  EXPECT_EQ(record.usage->resumes, 1);
  EXPECT_THAT(record.error, IsOk());
}

TEST(ApplyTest, FailedIsCancelledOnlyForCancelled) {
  JobRecord record;
  Apply(JobFailed{absl::InternalError("broken")}, kTime, record);
  EXPECT_EQ(record.state, JobState::kFailed);
  EXPECT_EQ(record.end_time, kTime);
  EXPECT_EQ(record.error, absl::InternalError("broken"));
  Apply(JobFailed{absl::CancelledError("stopped")}, kTime, record);
  EXPECT_EQ(record.state, JobState::kCancelled);
}

}  // namespace
}  // namespace ruyi
