// A device that breaks: its own job ends with the fault, nothing is taken any more, and the next server goes on with
// the others.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "core/base/error_info.h"
#include "core/base/error_reasons.h"
#include "tests/server/app/running_server.h"
#include "tests/server/gate.h"
#include "tests/server/raw_call.h"
#include "tests/server/rpc_status.h"
#include "tests/server/stream_call.h"
#include "tests/server/test_request.h"
#include "tests/server/unary_answer.h"

namespace ruyi {
namespace {

using testing::AllOf;
using testing::HasSubstr;

// A server whose first device breaks in the middle of its job, once the gate is open.
class LostWorker : public testing::Test {
 protected:
  static absl::Status Fault() {
    return ErrorWithReason(absl::StatusCode::kInternal, "the GPU is gone", reason::kGpuFault);
  }

  static FakePipelineOptions StoppingAt(Gate& gate) {
    return {.at_boundary = [&gate](Phase phase, int done) {
      if (phase == Phase::kDenoising && done == 1)
        gate.Pass();
    }};
  }

  void Start() {
    options_.keeps_jobs = true;
    options_.pipeline = StoppingAt(gate_);
    options_.pipeline.fail_with = Fault();
    running_.emplace(options_);
  }

  void Break() {
    gate_.Open();
    ASSERT_TRUE(running_->AwaitWorkerLost());
  }

  // Does what main does then, and starts another server on the same stores.
  void DrainAndRestart() {
    running_->server().Drain(absl::ZeroDuration());
    running_->Stop();
    next_.emplace(RunningOptions{.keeps_jobs = true});
  }

  void ExpectMadeByTheNextServer(const std::string& name) {
    EXPECT_TRUE(LastOf(WatchCall(next_->channel(), name).ReadAll()).has_completed());
  }

  Gate gate_;
  RunningOptions options_;
  std::optional<RunningServer> running_;
  std::optional<RunningServer> next_;
};

TEST_F(LostWorker, EndsTheJobWithTheFaultAndKeepsThoseThatWait) {
  Start();
  VideoCall broken = running_->Call(SmallRequest());
  ASSERT_TRUE(gate_.AwaitReached());
  const std::string waiting = CreateVideo(running_->channel(), SmallRequest()).response.name();
  Break();
  const grpc::Status status = broken.Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INTERNAL);
  EXPECT_EQ(DetailsOf(status).reason(), reason::kGpuFault);
  EXPECT_EQ(GetVideo(running_->channel(), waiting).response.state(), v1::VIDEO_STATE_QUEUED);
  DrainAndRestart();
  ExpectMadeByTheNextServer(waiting);
}

TEST_F(LostWorker, TakesNoMoreRequests) {
  Start();
  VideoCall broken = running_->Call(SmallRequest());
  Break();
  VideoCall late = running_->Call(SmallRequest());
  EXPECT_TRUE(late.ReadAll().empty());
  const grpc::Status status = late.Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::ABORTED);
  EXPECT_THAT(status.error_message(), HasSubstr("safe to send the request again"));
  EXPECT_EQ(DetailsOf(status).reason(), reason::kWorkerLost);
  EXPECT_TRUE(DetailsOf(status).retry_info.has_value());
  EXPECT_EQ(CheckHealth(running_->channel(), ""), Health::kNotServing);
  EXPECT_EQ(CheckHealth(running_->channel(), "ruyi.v1.VideoService"), Health::kNotServing);
  EXPECT_THAT(running_->Metrics(),
              AllOf(HasSubstr("\nruyi_workers_lost_total 1\n"), HasSubstr("\nruyi_model_ready 0\n")));
}

TEST_F(LostWorker, HandsBackTheJobsOfOtherDevices) {
  Gate other_gate;
  options_.other_pipelines = {StoppingAt(other_gate)};
  Start();
  const std::string names[] = {CreateVideo(running_->channel(), SmallRequest()).response.name(),
                               CreateVideo(running_->channel(), SmallRequest()).response.name()};
  ASSERT_TRUE(gate_.AwaitReached());
  ASSERT_TRUE(other_gate.AwaitReached());
  Break();
  std::string other;
  for (const std::string& name : names) {
    const v1::Video video = GetVideo(running_->channel(), name).response;
    if (video.state() == v1::VIDEO_STATE_FAILED)
      EXPECT_EQ(DetailsOf(video.error()).reason(), reason::kGpuFault);
    else
      other = name;
  }
  EXPECT_EQ(GetVideo(running_->channel(), other).response.state(), v1::VIDEO_STATE_RUNNING);
  running_->server().Hurry();
  other_gate.Open();
  DrainAndRestart();
  ExpectMadeByTheNextServer(other);
  EXPECT_EQ(GetVideo(next_->channel(), other).response.usage().resumes(), 1);
}

TEST_F(LostWorker, IsDrainedWithStreamsThatNobodyReads) {
  constexpr int kFrames = 48;
  options_.encoder.bytes_per_frame = 256 * 1024;
  options_.stop_limits.flush = absl::Milliseconds(1);
  options_.other_pipelines = {FakePipelineOptions()};
  Start();
  v1::GenerateVideoRequest request = SmallRequest();
  request.set_frame_count(kFrames);
  VideoCall first = running_->Call(request);
  VideoCall second = running_->Call(request);
  ASSERT_TRUE(gate_.AwaitReached());
  Break();
  running_->server().Drain(absl::ZeroDuration());
  EXPECT_FALSE(first.Finish().ok() && second.Finish().ok());
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
