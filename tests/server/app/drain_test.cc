// The orderly end of a server: accepted jobs get their time, new ones are refused, every stream ends.
#include <grpc/health/v1/health.grpc.pb.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "core/base/error_reasons.h"
#include "tests/server/app/running_server.h"
#include "tests/server/gate.h"
#include "tests/server/raw_call.h"
#include "tests/server/rpc_status.h"
#include "tests/server/test_request.h"

namespace ruyi {
namespace {

using v1::VideoEvent;

// A server whose first job stops at a boundary until the test opens the gate.
class DrainTest : public testing::Test {
 protected:
  ~DrainTest() override {
    gate_.Open();
    if (draining_.joinable())
      draining_.join();
  }

  // The job goes on when its token has ended.
  void StartAJobThatMustBeCancelled() {
    Start([this] { EXPECT_TRUE(running_->pipeline().AwaitTokenEnd()); });
  }

  void Start(std::function<void()> after_gate = [] {}) {
    RunningOptions options;
    options.pipeline.at_boundary = [this, after_gate](Phase phase, int done) {
      if (phase != Phase::kDenoising || done != 1 || stopped_)
        return;
      stopped_ = true;
      gate_.Pass();
      after_gate();
    };
    running_.emplace(options);
    call_.emplace(running_->channel(), SmallRequest());
    ASSERT_TRUE(gate_.AwaitReached());
  }

  // Drains on a thread, and returns once the server no longer takes jobs.
  void StartDraining(absl::Duration timeout) {
    draining_ = std::thread([this, timeout] {
      running_->server().Drain(timeout);
      drained_.Increment();
    });
    while (CheckHealth(running_->channel(), "") == Health::kServing)
      std::this_thread::yield();
  }

  // A call that the queue refused. The health turns a moment before the queue closes: a job that still came in is taken
  // back.
  std::unique_ptr<VideoCall> RefusedCall() {
    while (true) {
      auto call = std::make_unique<VideoCall>(running_->channel(), SmallRequest());
      if (!LastOf(call->ReadUntil(VideoEvent::kQueued)).has_queued())
        return call;
    }
  }

  Gate gate_;
  bool stopped_ = false;  // of the worker's thread
  std::optional<RunningServer> running_;
  std::optional<VideoCall> call_;
  Counter drained_;
  std::thread draining_;
};

TEST_F(DrainTest, ReturnsAtOnceWithoutJobs) {
  RunningServer running;
  running.server().Drain(absl::InfiniteDuration());
  EXPECT_EQ(CheckHealth(running.channel(), ""), Health::kNoAnswer);
}

// Whoever watches the health hears of the end, and does not hold it up.
TEST_F(DrainTest, EndsTheWatchesOfHealth) {
  RunningServer running;
  const auto stub = grpc::health::v1::Health::NewStub(running.channel());
  grpc::ClientContext context;
  const auto watch = stub->Watch(&context, {});
  grpc::health::v1::HealthCheckResponse response;
  EXPECT_TRUE(watch->Read(&response));
  EXPECT_EQ(response.status(), grpc::health::v1::HealthCheckResponse::SERVING);
  running.server().Drain(absl::InfiniteDuration());
  while (watch->Read(&response))
    EXPECT_EQ(response.status(), grpc::health::v1::HealthCheckResponse::NOT_SERVING);
  EXPECT_EQ(watch->Finish().error_message(), "the server stops");
}

TEST_F(DrainTest, LetsAJobFinish) {
  Start();
  StartDraining(absl::InfiniteDuration());
  EXPECT_EQ(CheckHealth(running_->channel(), "ruyi.v1.VideoService"), Health::kNotServing);
  EXPECT_EQ(drained_.value(), 0);
  gate_.Open();
  EXPECT_EQ(BytesOf(call_->ReadAll()), FakeVideoBytes(800));
  EXPECT_TRUE(call_->Finish().ok());
  EXPECT_TRUE(drained_.Await(1));
}

TEST_F(DrainTest, LetsJobsThatWaitFinish) {
  Start();
  VideoCall waiting = running_->Call(SmallRequest());
  waiting.ReadUntil(VideoEvent::kQueued);
  StartDraining(absl::InfiniteDuration());
  gate_.Open();
  EXPECT_TRUE(call_->Finish().ok());
  EXPECT_TRUE(waiting.Finish().ok());
  EXPECT_TRUE(drained_.Await(1));
}

TEST_F(DrainTest, RefusesNewJobs) {
  Start();
  StartDraining(absl::InfiniteDuration());
  const grpc::Status status = RefusedCall()->Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(DetailsOf(status).reason(), reason::kDraining);
  ASSERT_TRUE(DetailsOf(status).retry_info.has_value());
  EXPECT_GT(DetailsOf(status).retry_info->retry_delay().seconds(), 0);
  gate_.Open();
  EXPECT_TRUE(call_->Finish().ok());
}

// The call of a job that the server cancelled.
void ExpectDraining(VideoCall& call) {
  const std::vector<VideoEvent> events = call.ReadAll();
  const grpc::Status status = call.Finish();
  ASSERT_FALSE(events.empty());
  EXPECT_TRUE(LastOf(events).has_failed());
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(DetailsOf(status).reason(), reason::kDraining);
  EXPECT_TRUE(DetailsOf(status).retry_info.has_value());
}

TEST_F(DrainTest, CancelsWhatIsLeftAfterTheTimeout) {
  StartAJobThatMustBeCancelled();
  VideoCall waiting = running_->Call(SmallRequest());
  waiting.ReadUntil(VideoEvent::kQueued);
  StartDraining(absl::Milliseconds(1));
  gate_.Open();
  ExpectDraining(*call_);
  ExpectDraining(waiting);
  EXPECT_TRUE(drained_.Await(1));
}

TEST_F(DrainTest, CancelAllEndsTheWait) {
  StartAJobThatMustBeCancelled();
  VideoCall waiting = running_->Call(SmallRequest());
  waiting.ReadUntil(VideoEvent::kQueued);
  StartDraining(absl::InfiniteDuration());
  running_->server().CancelAll();
  ExpectDraining(waiting);
  gate_.Open();
  ExpectDraining(*call_);
  EXPECT_TRUE(drained_.Await(1));
}

TEST_F(DrainTest, CanBeFollowedByTheDestructor) {
  StartAJobThatMustBeCancelled();
  StartDraining(absl::ZeroDuration());
  gate_.Open();
  ExpectDraining(*call_);
  draining_.join();
  running_->Stop();
}

TEST_F(DrainTest, DoesNotWaitForASlowReader) {
  constexpr int kFrames = 48;
  RunningOptions options;
  options.encoder.bytes_per_frame = 256 * 1024;
  running_.emplace(options);
  v1::GenerateVideoRequest request = SmallRequest();
  request.set_frame_count(kFrames);
  VideoCall call = running_->Call(request);
  call.ReadUntil(VideoEvent::kChunk);
  StartDraining(absl::ZeroDuration());
  ASSERT_TRUE(running_->pipeline().ended().Await(1)) << "the worker waits for the reader";
  ExpectDraining(call);
  EXPECT_TRUE(drained_.Await(1));
}

}  // namespace
}  // namespace ruyi
