#include "core/worker/worker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "absl/synchronization/notification.h"
#include "core/base/error_reasons.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_pipeline.h"
#include "tests/support/fake_video_encoder.h"
#include "tests/support/recording_event_sink.h"
#include "tests/support/status_matchers.h"
#include "tests/support/test_job.h"

namespace ruyi {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::Field;
using testing::IsEmpty;
using testing::SizeIs;
using testing::VariantWith;

class WorkerTest : public testing::Test {
 protected:
  // Ends the worker, for whatever a test still has waiting.
  ~WorkerTest() override { queue_.Close(); }

  void StartWorker(FakePipelineOptions options = {}) {
    worker_.emplace(Worker::Parts{.pipeline = std::make_unique<FakePipeline>(std::move(options)),
                                  .queue = &queue_,
                                  .encoders = &encoders_,
                                  .clock = &clock_,
                                  .on_lost = [this](const absl::Status& status) { losses_.push_back(status); }});
  }

  // Waits until the worker has done all that was pushed.
  void EndWorker() {
    queue_.Close();
    worker_.reset();
  }

  std::shared_ptr<RecordingEventSink> PushJob() {
    auto sink = std::make_shared<RecordingEventSink>();
    last_job_ = TestJob(sink, clock_);
    EXPECT_THAT(queue_.Push(last_job_), IsOk());
    return sink;
  }

  FakeClock clock_;
  FakeVideoEncoderFactory encoders_;
  JobQueue queue_{8};
  std::shared_ptr<Job> last_job_;
  std::vector<absl::Status> losses_;  // to be looked at when the worker has ended
  std::optional<Worker> worker_;
};

TEST_F(WorkerTest, MakesTheJobsOfTheQueue) {
  StartWorker();
  const auto first = PushJob();
  const auto second = PushJob();
  EXPECT_THAT(first->AwaitEnd(), VariantWith<JobCompleted>(testing::_));
  EXPECT_THAT(second->AwaitEnd(), VariantWith<JobCompleted>(testing::_));
}

TEST_F(WorkerTest, ReportsTheQueueBeforeTheWork) {
  const auto sink = PushJob();
  StartWorker();
  sink->AwaitEnd();
  const std::vector<JobEvent> events = sink->events();
  EXPECT_THAT(events[0], VariantWith<JobQueued>(testing::_));
  EXPECT_THAT(events[1], VariantWith<JobProgress>(testing::_));
  EXPECT_THAT(events.back(), VariantWith<JobCompleted>(testing::_));
}

TEST_F(WorkerTest, EndsWhenTheQueueIsClosed) {
  StartWorker();
  EndWorker();
  EXPECT_EQ(queue_.Pop(), nullptr);
}

TEST_F(WorkerTest, FinishesWhatWaitsBeforeItEnds) {
  const auto first = PushJob();
  const auto second = PushJob();
  StartWorker();
  EndWorker();
  EXPECT_THAT(first->EventsOf<JobCompleted>(), SizeIs(1));
  EXPECT_THAT(second->EventsOf<JobCompleted>(), SizeIs(1));
  EXPECT_TRUE(queue_.AwaitIdle(absl::ZeroDuration()));
}

TEST_F(WorkerTest, TellsTheQueueThatAJobIsDone) {
  StartWorker();
  PushJob();
  EXPECT_TRUE(queue_.AwaitIdle(absl::InfiniteDuration()));
  EXPECT_EQ(queue_.running(), 0u);
}

TEST_F(WorkerTest, GoesOnAfterAJobThatFailed) {
  int jobs = 0;
  std::shared_ptr<Job> failing;
  FakePipelineOptions options;
  options.at_boundary = [&](Phase phase, int done) {
    if (phase == Phase::kConditioning && done == 0 && jobs++ == 0)
      failing->cancellation.Cancel(absl::InternalError("broken"));
  };
  const auto first = PushJob();
  failing = last_job_;
  const auto second = PushJob();
  StartWorker(std::move(options));
  EndWorker();
  EXPECT_THAT(first->EventsOf<JobFailed>(),
              ElementsAre(Field(&JobFailed::status, StatusIs(absl::StatusCode::kInternal, "broken"))));
  EXPECT_THAT(second->EventsOf<JobCompleted>(), SizeIs(1));
  EXPECT_THAT(losses_, IsEmpty());
}

TEST_F(WorkerTest, IsLostWithItsGpuAndLeavesTheOtherJobsInTheQueue) {
  const auto first = PushJob();
  const auto second = PushJob();
  const auto third = PushJob();
  StartWorker({.fail_with = ErrorWithReason(absl::StatusCode::kInternal, "it burns", reason::kGpuFault)});
  worker_.reset();  // ends without the queue
  EXPECT_THAT(first->EventsOf<JobFailed>(), ElementsAre(Field(&JobFailed::status, HasReason(reason::kGpuFault))));
  EXPECT_THAT(losses_,
              ElementsAre(AllOf(StatusIs(absl::StatusCode::kInternal, "it burns"), HasReason(reason::kGpuFault))));
  EXPECT_EQ(queue_.running(), 0u);
  EXPECT_EQ(queue_.waiting(), 2u);
  EXPECT_THAT(second->EventsOf<JobProgress>(), IsEmpty());
  losses_.clear();
  StartWorker();  // another one takes them
  EndWorker();
  EXPECT_THAT(second->EventsOf<JobCompleted>(), SizeIs(1));
  EXPECT_THAT(third->EventsOf<JobCompleted>(), SizeIs(1));
  EXPECT_THAT(losses_, IsEmpty());
}

TEST_F(WorkerTest, IsLostWhenItsModelChanged) {
  PushJob();
  StartWorker(
      {.fail_with = ErrorWithReason(absl::StatusCode::kFailedPrecondition, "x was written to", reason::kModelChanged)});
  worker_.reset();  // ends without the queue
  EXPECT_THAT(losses_, ElementsAre(HasReason(reason::kModelChanged)));
}

TEST_F(WorkerTest, OtherErrorsOfTheDeviceDoNotLoseIt) {
  const auto first = PushJob();
  const auto second = PushJob();
  StartWorker({.fail_with = ErrorWithReason(absl::StatusCode::kInternal, "a fault", reason::kInternal)});
  EndWorker();
  EXPECT_THAT(first->EventsOf<JobFailed>(), SizeIs(1));
  EXPECT_THAT(second->EventsOf<JobFailed>(), SizeIs(1));
  EXPECT_THAT(losses_, IsEmpty());
}

TEST_F(WorkerTest, StopsAJobThatTheQueueCancelsWhileItIsBeingMade) {
  absl::Notification started;
  absl::Notification cancelled;
  FakePipelineOptions options;
  options.at_boundary = [&](Phase phase, int done) {
    if (phase != Phase::kDenoising || done != 1)
      return;
    started.Notify();
    cancelled.WaitForNotification();
  };
  StartWorker(std::move(options));
  const auto sink = PushJob();
  started.WaitForNotification();
  queue_.Cancel(*last_job_, absl::CancelledError("the caller left"));
  cancelled.Notify();
  EndWorker();
  EXPECT_THAT(sink->EventsOf<JobFailed>(),
              ElementsAre(Field(&JobFailed::status, StatusIs(absl::StatusCode::kCancelled, "the caller left"))));
  EXPECT_EQ(sink->EventsOf<JobProgress>().back().progress.done, 1);
}

}  // namespace
}  // namespace ruyi
