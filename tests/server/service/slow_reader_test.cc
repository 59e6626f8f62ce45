// A reader that takes its time, or has stopped to read: the worker does not wait for it, and nothing is lost but old
// progress.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "core/base/error_reasons.h"
#include "tests/server/gate.h"
#include "tests/server/rpc_status.h"
#include "tests/server/service/service_under_test.h"
#include "tests/server/stream_call.h"
#include "tests/server/test_request.h"
#include "tests/support/status_matchers.h"

namespace ruyi {
namespace {

using v1::VideoEvent;

constexpr int kFrames = 48;
constexpr int kBytesPerFrame = 256 * 1024;  // one chunk, four times gRPC's window

v1::GenerateVideoRequest LongRequest() {
  v1::GenerateVideoRequest request = SmallRequest();
  request.set_frame_count(kFrames);
  return request;
}

ServiceOptions LargeFrames() {
  ServiceOptions options;
  options.encoder.bytes_per_frame = kBytesPerFrame;
  return options;
}

// The same; the video's worker stops at the gate when eight frames are made.
ServiceOptions StoppingIn(Gate& gate) {
  ServiceOptions options = LargeFrames();
  options.pipeline.at_boundary = [&gate](Phase phase, int done) {
    if (phase == Phase::kDecoding && done == 8)
      gate.Pass();
  };
  return options;
}

TEST(SlowReader, HoldsUpNoWorkAndGetsEverything) {
  ServiceUnderTest service(LargeFrames());
  VideoCall call = service.Call(LongRequest());
  ASSERT_TRUE(service.events().ended().Await(1)) << "the worker waits for the reader";
  EXPECT_TRUE(service.Call(SmallRequest()).Finish().ok());
  const std::vector<VideoEvent> events = call.ReadAll();
  EXPECT_TRUE(call.Finish().ok());
  EXPECT_TRUE(LastOf(events).has_completed());
  EXPECT_EQ(BytesOf(events), FakeVideoBytes(int64_t{kFrames} * kBytesPerFrame));
}

// However far the video is, what is not read stays in the stores: gRPC has what its windows take, and one message.
TEST(SlowReader, HoldsOneMessage) {
  ServiceUnderTest service(LargeFrames());
  VideoCall unread = service.Call(LongRequest());
  ASSERT_TRUE(service.events().ended().Await(1));
  EXPECT_TRUE(DownloadCall(service.channel(), "videos/job-1").Finish().ok());
  EXPECT_LE(service.bytes_sent(), int64_t{kFrames + 3} * kBytesPerFrame);
  EXPECT_TRUE(unread.Finish().ok());
}

TEST(SlowReader, GetsTheLatestProgressOnly) {
  ServiceUnderTest service(LargeFrames());
  EXPECT_TRUE(service.Call(LongRequest()).Finish().ok());
  WatchCall watch(service.channel(), "videos/job-1");
  const std::vector<VideoEvent> events = watch.ReadAll();
  const auto progresses = std::count_if(events.begin(), events.end(), [](const auto& e) { return e.has_progress(); });
  EXPECT_LE(progresses, 2);  // one of each batch that the log is read in
  EXPECT_TRUE(LastOf(events).has_completed());
}

// The job ends whether gRPC tells of it by the write that fails or by the call.
TEST(SlowReader, ThatCancelsEndsItsJob) {
  Gate gate;
  ServiceUnderTest service(StoppingIn(gate));
  VideoCall call = service.Call(LongRequest());
  ASSERT_TRUE(gate.AwaitReached());
  call.ReadUntil(VideoEvent::kChunk);
  call.Cancel();
  EXPECT_TRUE(service.pipeline().AwaitTokenEnd());
  gate.Open();
  ASSERT_TRUE(service.events().ended().Await(1));
  EXPECT_THAT(service.events().ends().front(), HasReason(reason::kCancelledByCaller));
}

TEST(SlowReader, ThatGoesAwayEndsItsJob) {
  Gate gate;
  ServiceUnderTest service(StoppingIn(gate));
  auto call = std::make_unique<VideoCall>(ConnectTo(service.port()), LongRequest());
  ASSERT_TRUE(gate.AwaitReached());
  call->ReadUntil(VideoEvent::kChunk);
  call.reset();
  EXPECT_TRUE(service.pipeline().AwaitTokenEnd());
  gate.Open();
  ASSERT_TRUE(service.events().ended().Await(1));
  EXPECT_THAT(service.events().ends().front(), HasReason(reason::kCancelledByCaller));
}

TEST(SlowReader, DoesNotHoldUpAServerThatIsDestroyed) {
  ServiceUnderTest service(LargeFrames());
  VideoCall call = service.Call(LongRequest());
  ASSERT_TRUE(service.events().ended().Await(1));
  service.Shutdown();
  EXPECT_FALSE(call.Finish().ok());
}

TEST(SlowReader, DoesNotOutlastItsExecutionTimeout) {
  Gate gate;
  ServiceUnderTest service(StoppingIn(gate));
  v1::GenerateVideoRequest request = LongRequest();
  request.mutable_execution_timeout()->set_seconds(600);
  VideoCall call = service.Call(request);
  ASSERT_TRUE(gate.AwaitReached());
  service.clock().Advance(absl::Seconds(600));
  gate.Open();
  ASSERT_TRUE(service.events().ended().Await(1));
  const std::vector<VideoEvent> events = call.ReadAll();
  const grpc::Status status = call.Finish();
  ASSERT_FALSE(events.empty());
  EXPECT_TRUE(LastOf(events).has_failed());
  EXPECT_EQ(status.error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_EQ(DetailsOf(status).reason(), reason::kJobTimeout);
  const std::string bytes = BytesOf(events);
  EXPECT_EQ(bytes, FakeVideoBytes(static_cast<int64_t>(bytes.size())));
}

}  // namespace
}  // namespace ruyi
