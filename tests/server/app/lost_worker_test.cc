// A device that breaks: its own job ends with the fault, all others with WORKER_LOST, and nothing is taken any more.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <set>
#include <string>
#include <thread>

#include "core/base/error_info.h"
#include "core/base/error_reasons.h"
#include "tests/server/app/running_server.h"
#include "tests/server/gate.h"
#include "tests/server/raw_call.h"
#include "tests/server/rpc_status.h"
#include "tests/server/test_request.h"

namespace ruyi {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using v1::VideoEvent;

// A server whose first device breaks in the middle of its job, once the gate is open.
class LostWorker : public testing::Test {
 protected:
  static absl::Status Fault() {
    return ErrorWithReason(absl::StatusCode::kInternal, "the GPU is gone", reason::kGpuFault);
  }

  FakePipelineOptions BreakingAt(Gate& gate) const {
    return {.fail_with = Fault(), .at_boundary = [&gate](Phase phase, int done) {
              if (phase == Phase::kDenoising && done == 1)
                gate.Pass();
            }};
  }

  void Start() {
    options_.pipeline = BreakingAt(gate_);
    running_.emplace(options_);
  }

  void Break() {
    gate_.Open();
    ASSERT_TRUE(running_->AwaitWorkerLost());
  }

  Gate gate_;
  RunningOptions options_;
  std::optional<RunningServer> running_;
};

void ExpectWorkerLost(VideoCall& call) {
  const grpc::Status status = call.Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::ABORTED);
  EXPECT_THAT(status.error_message(), HasSubstr("safe to send the request again"));
  EXPECT_EQ(DetailsOf(status).reason(), reason::kWorkerLost);
  EXPECT_TRUE(DetailsOf(status).retry_info.has_value());
}

TEST_F(LostWorker, EndsTheJobWithTheFaultAndThoseThatWaitWithTheLoss) {
  Start();
  VideoCall broken = running_->Call(SmallRequest());
  ASSERT_TRUE(gate_.AwaitReached());
  VideoCall waiting = running_->Call(SmallRequest());
  waiting.ReadUntil(VideoEvent::kQueued);
  Break();
  const grpc::Status status = broken.Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INTERNAL);
  EXPECT_EQ(DetailsOf(status).reason(), reason::kGpuFault);
  ExpectWorkerLost(waiting);
}

TEST_F(LostWorker, TakesNoMoreRequests) {
  Start();
  VideoCall broken = running_->Call(SmallRequest());
  Break();
  VideoCall late = running_->Call(SmallRequest());
  EXPECT_TRUE(late.ReadAll().empty());
  ExpectWorkerLost(late);
  EXPECT_EQ(CheckHealth(running_->channel(), ""), Health::kNotServing);
  EXPECT_EQ(CheckHealth(running_->channel(), "ruyi.v1.VideoService"), Health::kNotServing);
  EXPECT_THAT(running_->Metrics(),
              AllOf(HasSubstr("\nruyi_workers_lost_total 1\n"), HasSubstr("\nruyi_model_ready 0\n")));
}

TEST_F(LostWorker, EndsTheJobsOfOtherDevices) {
  Gate other_gate;
  options_.other_pipelines = {{.at_boundary = [&](Phase phase, int done) {
    if (phase == Phase::kDenoising && done == 1)
      other_gate.Pass();
  }}};
  Start();
  VideoCall first = running_->Call(SmallRequest());
  VideoCall second = running_->Call(SmallRequest());
  ASSERT_TRUE(gate_.AwaitReached());
  ASSERT_TRUE(other_gate.AwaitReached());
  Break();
  other_gate.Open();
  const std::set<std::string> reasons = {DetailsOf(first.Finish()).reason(), DetailsOf(second.Finish()).reason()};
  EXPECT_THAT(reasons, ElementsAre("GPU_FAULT", "WORKER_LOST"));
  running_->server().DrainAfterLoss();
}

TEST_F(LostWorker, IsDrainedWithStreamsThatNobodyReads) {
  constexpr int kFrames = 48;
  Gate other_gate;
  options_.encoder.bytes_per_frame = 256 * 1024;
  options_.other_pipelines = {{.at_boundary = [&](Phase phase, int done) {
    if (phase == Phase::kDecoding && done == 1)
      other_gate.Pass();
  }}};
  Start();
  v1::GenerateVideoRequest request = SmallRequest();
  request.set_frame_count(kFrames);
  VideoCall first = running_->Call(request);
  VideoCall second = running_->Call(request);
  ASSERT_TRUE(gate_.AwaitReached());
  ASSERT_TRUE(other_gate.AwaitReached());
  other_gate.Open();
  Break();
  Counter drained;
  std::thread draining([&] {
    running_->server().DrainAfterLoss();
    drained.Increment();
  });
  EXPECT_FALSE(first.Finish().ok());
  EXPECT_FALSE(second.Finish().ok());
  EXPECT_TRUE(drained.Await(1));
  draining.join();
}

TEST_F(LostWorker, CanBeDestroyed) {
  Start();
  VideoCall broken = running_->Call(SmallRequest());
  VideoCall other = running_->Call(SmallRequest());
  Break();
  running_->Stop();
  EXPECT_FALSE(broken.Finish().ok());
  EXPECT_FALSE(other.Finish().ok());
}

TEST_F(LostWorker, IsNotLostByOtherFailures) {
  options_.pipeline.fail_with = absl::InternalError("boom");
  running_.emplace(options_);
  EXPECT_EQ(running_->Call(SmallRequest()).Finish().error_code(), grpc::StatusCode::INTERNAL);
  EXPECT_EQ(CheckHealth(running_->channel(), ""), Health::kServing);
  EXPECT_THAT(running_->Metrics(), HasSubstr("\nruyi_workers_lost_total 0\n"));
}

}  // namespace
}  // namespace ruyi
