// The orderly end of a server: what is being made may end or is handed back, new jobs are refused, every stream ends.
// Nothing is cancelled; the next server goes on.
#include <grpc/health/v1/health.grpc.pb.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <vector>

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

using v1::VideoEvent;

// A server whose first job stops before its second step until the test opens the gate.
class DrainTest : public testing::Test {
 protected:
  ~DrainTest() override {
    gate_.Open();
    if (draining_.joinable())
      draining_.join();
  }

  // The job goes on when it is to be handed back.
  void StartAJobThatMustBeHandedBack() {
    Start([this] { EXPECT_TRUE(running_->pipeline().AwaitHandBack()); });
  }

  void Start(std::function<void()> after_gate = [] {}) {
    options_.keeps_jobs = true;
    RunningOptions options = options_;
    options.pipeline.at_boundary = [this, after_gate](Phase phase, int done) {
      if (phase != Phase::kDenoising || done != 1 || stopped_)
        return;
      stopped_ = true;
      gate_.Pass();
      after_gate();
    };
    running_.emplace(options);
    call_.emplace(running_->channel(), SmallRequest());
    name_ = call_->Take().accepted().video().name();
    ASSERT_TRUE(gate_.AwaitReached());
  }

  // Drains on a thread, and returns once the server no longer takes jobs.
  void StartDraining(absl::Duration patience) {
    draining_ = std::thread([this, patience] {
      running_->server().Drain(patience);
      drained_.Increment();
    });
    while (CheckHealth(running_->channel(), "") == Health::kServing)
      std::this_thread::yield();
  }

  // Ends this server, and starts another one on its stores.
  void Restart() {
    draining_.join();
    running_->Stop();
    next_.emplace(options_);
  }

  RunningOptions options_;
  Gate gate_;
  bool stopped_ = false;  // of the worker's thread
  std::optional<RunningServer> running_;
  std::optional<RunningServer> next_;
  std::optional<VideoCall> call_;
  std::string name_;  // of its video
  Counter drained_;
  std::thread draining_;
};

// The call of a job that goes on in the next server.
void ExpectDraining(VideoCall& call) {
  for (const VideoEvent& event : call.ReadAll())
    EXPECT_FALSE(event.has_failed() || event.has_completed() || event.has_cancelling());
  const grpc::Status status = call.Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(DetailsOf(status).reason(), reason::kDraining);
  EXPECT_TRUE(DetailsOf(status).retry_info.has_value());
}

std::string BytesOf(const std::vector<v1::VideoChunk>& chunks) {
  std::string bytes;
  for (const v1::VideoChunk& chunk : chunks)
    bytes += chunk.data();
  return bytes;
}

// The log of a video that `server` makes, with its bytes.
std::vector<VideoEvent> ExpectMade(RunningServer& server, const std::string& name) {
  const std::vector<VideoEvent> events = WatchCall(server.channel(), name).ReadAll();
  EXPECT_TRUE(LastOf(events).has_completed());
  EXPECT_EQ(BytesOf(DownloadCall(server.channel(), name).ReadAll()), FakeVideoBytes(800));
  return events;
}

int ResumedAt(const std::vector<VideoEvent>& events) {
  const auto resumed =
      std::find_if(events.begin(), events.end(), [](const auto& event) { return event.has_resumed(); });
  return resumed == events.end() ? 0 : resumed->resumed().step();
}

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

TEST_F(DrainTest, LetsAJobFinishInPatience) {
  Start();
  StartDraining(absl::InfiniteDuration());
  EXPECT_EQ(CheckHealth(running_->channel(), "ruyi.v1.VideoService"), Health::kNotServing);
  EXPECT_EQ(drained_.value(), 0);
  gate_.Open();
  EXPECT_TRUE(drained_.Await(1));
  Restart();
  const std::vector<VideoEvent> events = ExpectMade(*next_, name_);
  EXPECT_EQ(std::count_if(events.begin(), events.end(), [](const auto& event) { return event.has_started(); }), 1);
}

TEST_F(DrainTest, LetsReadersFinish) {
  constexpr int kBytesPerFrame = 256 * 1024;  // more than a stream holds that nobody reads
  options_.encoder.bytes_per_frame = kBytesPerFrame;
  options_.stop_limits.flush = absl::InfiniteDuration();
  Start();
  StartDraining(absl::InfiniteDuration());
  WatchCall watch(running_->channel(), name_);
  gate_.Open();
  EXPECT_TRUE(LastOf(watch.ReadAll()).has_completed());
  EXPECT_TRUE(watch.Finish().ok());
  // While one of them has not read on, a watcher opens its download.
  EXPECT_EQ(BytesOf(DownloadCall(running_->channel(), name_).ReadAll()), FakeVideoBytes(8 * kBytesPerFrame));
  EXPECT_EQ(drained_.value(), 0);
  EXPECT_TRUE(LastOf(call_->ReadAll()).has_completed());
  EXPECT_TRUE(call_->Finish().ok());
  EXPECT_TRUE(drained_.Await(1));
}

TEST_F(DrainTest, KeepsJobsThatWaitForTheNextServer) {
  Start();
  VideoCall waiting = running_->Call(SmallRequest());
  const std::string name = LastOf(waiting.ReadUntil(VideoEvent::kAccepted)).accepted().video().name();
  waiting.ReadUntil(VideoEvent::kQueued);
  StartDraining(absl::InfiniteDuration());
  gate_.Open();
  ExpectDraining(waiting);
  EXPECT_TRUE(drained_.Await(1));
  Restart();
  ExpectMade(*next_, name);
}

// The health turns a moment before the intake refuses: a call that still came in waits in the store.
TEST_F(DrainTest, RefusesNewJobs) {
  Start();
  StartDraining(absl::InfiniteDuration());
  const auto [status, video] = CreateVideo(running_->channel(), SmallRequest());
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(DetailsOf(status).reason(), reason::kDraining);
  ASSERT_TRUE(DetailsOf(status).retry_info.has_value());
  EXPECT_GT(DetailsOf(status).retry_info->retry_delay().seconds(), 0);
  VideoCall refused = running_->Call(SmallRequest());
  EXPECT_TRUE(refused.ReadAll().empty());
  EXPECT_EQ(DetailsOf(refused.Finish()).reason(), reason::kDraining);
  gate_.Open();
}

TEST_F(DrainTest, HandsBackWhatIsLeftAndTheNextServerGoesOn) {
  StartAJobThatMustBeHandedBack();
  StartDraining(absl::ZeroDuration());
  gate_.Open();
  ExpectDraining(*call_);
  EXPECT_TRUE(drained_.Await(1));
  Restart();
  const std::vector<VideoEvent> events = ExpectMade(*next_, name_);
  EXPECT_EQ(ResumedAt(events), 2);
  EXPECT_EQ(LastOf(events).completed().video().usage().resumes(), 1);
}

TEST_F(DrainTest, HurryEndsThePatience) {
  StartAJobThatMustBeHandedBack();
  StartDraining(absl::InfiniteDuration());
  running_->server().Hurry();
  gate_.Open();
  ExpectDraining(*call_);
  EXPECT_TRUE(drained_.Await(1));
}

// A boundary that does not come ends the wait, and the job is taken from its worker: whatever that does later is void.
TEST_F(DrainTest, TakesAJobFromAWorkerThatDoesNotComeBack) {
  options_.stop_limits.hand_back = absl::Milliseconds(1);
  StartAJobThatMustBeHandedBack();
  StartDraining(absl::ZeroDuration());
  ExpectDraining(*call_);
  EXPECT_TRUE(drained_.Await(1));
  gate_.Open();
  Restart();
  const std::vector<VideoEvent> events = ExpectMade(*next_, name_);
  EXPECT_EQ(ResumedAt(events), 0);  // there was no checkpoint
}

TEST_F(DrainTest, CanBeFollowedByTheDestructor) {
  StartAJobThatMustBeHandedBack();
  StartDraining(absl::ZeroDuration());
  gate_.Open();
  ExpectDraining(*call_);
  draining_.join();
  running_->Stop();
}

TEST_F(DrainTest, DoesNotWaitForASlowReader) {
  constexpr int kFrames = 48;
  options_.encoder.bytes_per_frame = 256 * 1024;
  options_.stop_limits.flush = absl::Milliseconds(1);
  running_.emplace(options_);
  v1::GenerateVideoRequest request = SmallRequest();
  request.set_frame_count(kFrames);
  VideoCall call = running_->Call(request);
  call.ReadUntil(VideoEvent::kChunk);
  ASSERT_TRUE(running_->pipeline().ended().Await(1)) << "the worker waits for the reader";
  running_->server().Drain(absl::InfiniteDuration());
  EXPECT_FALSE(call.Finish().ok());
}

}  // namespace
}  // namespace ruyi
