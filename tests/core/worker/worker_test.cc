#include "core/worker/worker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "absl/synchronization/notification.h"
#include "core/base/error_info.h"
#include "core/base/error_reasons.h"
#include "tests/core/worker/worker_bench.h"

namespace ruyi {
namespace {

constexpr absl::Duration kPatience = absl::Minutes(20);

class WorkerTest : public testing::Test {
 protected:
  void Start(FakePipelineOptions options = {}) {
    worker_ = std::make_unique<Worker>(Worker::Parts{.pipeline = std::make_unique<FakePipeline>(std::move(options)),
                                                     .tools = bench_.Tools(),
                                                     .on_lost = [this](const absl::Status& why) {
                                                       lost_with_ = why;
                                                       lost_.Notify();
                                                     }});
  }

  // Waits until the job has ended.
  JobRecord AwaitEnd(const std::string& id) {
    absl::Notification ended;
    const auto look = [&] {
      if (IsEnded(bench_.Get(id).state) && !ended.HasBeenNotified())
        ended.Notify();
    };
    const std::unique_ptr<Subscription> changes = bench_.jobs.Subscribe(id, look);
    if (!IsEnded(bench_.Get(id).state))
      ended.WaitForNotificationWithTimeout(kPatience);
    return bench_.Get(id);
  }

  WorkerBench bench_;
  absl::Notification lost_;
  absl::Status lost_with_;
  std::unique_ptr<Worker> worker_;  // ends before what it works with
};

TEST_F(WorkerTest, MakesJobsThatWaitAndThatCome) {
  const std::string first = bench_.CreateJob();
  Start();
  EXPECT_EQ(AwaitEnd(first).state, JobState::kSucceeded);
  const std::string second = bench_.CreateJob();
  EXPECT_EQ(AwaitEnd(second).state, JobState::kSucceeded);
}

TEST_F(WorkerTest, GoesOnAfterAJobThatFailed) {
  const std::string first = bench_.CreateJob();
  Start({.fail_with = absl::InternalError("broken")});
  EXPECT_EQ(AwaitEnd(first).state, JobState::kFailed);
  const std::string second = bench_.CreateJob();
  EXPECT_EQ(AwaitEnd(second).state, JobState::kFailed);
}

TEST_F(WorkerTest, IsLostWithItsDevice) {
  const absl::Status fault = ErrorWithReason(absl::StatusCode::kInternal, "the device broke", reason::kGpuFault);
  const std::string first = bench_.CreateJob();
  const std::string second = bench_.CreateJob();
  Start({.fail_with = fault});
  ASSERT_TRUE(lost_.WaitForNotificationWithTimeout(kPatience));
  EXPECT_EQ(lost_with_, fault);
  EXPECT_EQ(bench_.Get(first).state, JobState::kFailed);
  worker_.reset();
  EXPECT_EQ(bench_.Get(second).state, JobState::kQueued);
}

TEST_F(WorkerTest, ClaimsNothingWhilePaused) {
  Start();
  worker_->Pause();
  EXPECT_TRUE(worker_->AwaitIdle(kPatience));
  const std::string id = bench_.CreateJob();
  worker_.reset();
  EXPECT_EQ(bench_.Get(id).state, JobState::kQueued);
}

// A pipeline that stands before its second denoising step until it may go on.
struct Gate {
  FakePipelineOptions Options() {
    return {.at_boundary = [this](Phase phase, int done) {
      if (phase != Phase::kDenoising || done != 1 || reached.HasBeenNotified())
        return;
      reached.Notify();
      opened.WaitForNotificationWithTimeout(kPatience);
    }};
  }
  absl::Notification reached;
  absl::Notification opened;
};

TEST_F(WorkerTest, SaysWhatItMakesAndHas) {
  Gate gate;
  FakePipelineOptions options = gate.Options();
  options.available_bytes = [] { return int64_t{1} << 40; };
  Start(std::move(options));
  WorkerStatus status = worker_->status();
  EXPECT_EQ(status.name, "worker-0");
  EXPECT_EQ(status.device, "cpu");
  EXPECT_EQ(status.job_id, std::nullopt);
  EXPECT_EQ(status.budget_bytes, std::nullopt);
  const std::string id = bench_.CreateJob();
  ASSERT_TRUE(gate.reached.WaitForNotificationWithTimeout(kPatience));
  ASSERT_THAT(worker_->SetMemoryBudget(int64_t{1} << 39), IsOk());
  status = worker_->status();
  EXPECT_EQ(status.job_id, id);
  EXPECT_EQ(status.budget_bytes, int64_t{1} << 39);
  EXPECT_EQ(status.available.device_bytes, int64_t{1} << 39);
  gate.opened.Notify();
  EXPECT_EQ(AwaitEnd(id).placement.budget_bytes, int64_t{1} << 40);
  EXPECT_EQ(AwaitEnd(bench_.CreateJob()).placement.budget_bytes, int64_t{1} << 39);
}

TEST_F(WorkerTest, FinishesWhatItMakesWhilePaused) {
  Gate gate;
  const std::string id = bench_.CreateJob();
  Start(gate.Options());
  ASSERT_TRUE(gate.reached.WaitForNotificationWithTimeout(kPatience));
  worker_->Pause();
  EXPECT_FALSE(worker_->AwaitIdle(absl::ZeroDuration()));
  gate.opened.Notify();
  EXPECT_TRUE(worker_->AwaitIdle(kPatience));
  EXPECT_EQ(bench_.Get(id).state, JobState::kSucceeded);
}

TEST_F(WorkerTest, IsAwaitedByTheClockThatOnlyGrows) {
  Gate gate;
  const std::string id = bench_.CreateJob();
  Start(gate.Options());
  ASSERT_TRUE(gate.reached.WaitForNotificationWithTimeout(kPatience));
  worker_->Pause();
  absl::Notification given_up;
  bool is_idle = true;
  std::thread waiting([&] {
    is_idle = worker_->AwaitIdle(absl::Hours(1));
    given_up.Notify();
  });
  constexpr int kMostLooks = 10'000;
  for (int i = 0; i < kMostLooks && !given_up.WaitForNotificationWithTimeout(absl::Milliseconds(10)); ++i)
    bench_.clock.Advance(absl::Hours(1));
  gate.opened.Notify();
  waiting.join();
  EXPECT_FALSE(is_idle);
}

TEST_F(WorkerTest, HandsBackWhatItMakes) {
  Gate gate;
  const std::string id = bench_.CreateJob();
  Start(gate.Options());
  ASSERT_TRUE(gate.reached.WaitForNotificationWithTimeout(kPatience));
  worker_->HandBack();
  gate.opened.Notify();
  EXPECT_TRUE(worker_->AwaitIdle(kPatience));
  EXPECT_EQ(bench_.Get(id).state, JobState::kQueued);
  EXPECT_TRUE(bench_.Get(id).checkpoint.has_value());
}

TEST_F(WorkerTest, LeavesAJobThatWasTakenFromIt) {
  Gate gate;
  const std::string id = bench_.CreateJob();
  Start(gate.Options());
  ASSERT_TRUE(gate.reached.WaitForNotificationWithTimeout(kPatience));
  worker_->Abandon();
  EXPECT_EQ(bench_.Get(id).state, JobState::kQueued);
  gate.opened.Notify();
  worker_.reset();
  EXPECT_EQ(bench_.Get(id).state, JobState::kQueued);
  EXPECT_EQ(bench_.Get(id).crashes, 0);
}

TEST_F(WorkerTest, HandsBackWhenItEnds) {
  Gate gate;
  const std::string id = bench_.CreateJob();
  Start(gate.Options());
  ASSERT_TRUE(gate.reached.WaitForNotificationWithTimeout(kPatience));
  worker_->HandBack();
  gate.opened.Notify();
  worker_.reset();
  EXPECT_EQ(bench_.Get(id).state, JobState::kQueued);
}

}  // namespace
}  // namespace ruyi
