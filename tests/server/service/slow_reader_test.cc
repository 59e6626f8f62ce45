// A reader that takes its time: the worker waits for it, and nothing is lost but old progress.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/base/error_reasons.h"
#include "tests/server/rpc_status.h"
#include "tests/server/service/service_under_test.h"
#include "tests/server/test_request.h"

namespace ruyi {
namespace {

using v1::VideoEvent;

constexpr int kFrames = 48;
constexpr int kBytesPerFrame = 256 * 1024;  // one chunk, four times gRPC's window
// One chunk is being written, 16 are in the outbox, and with one the worker waits.
constexpr int kChunksUntilBlocked = 18;

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

TEST(SlowReader, BlocksTheWorkerAndGetsEverything) {
  ServiceUnderTest service(LargeFrames());
  VideoCall call = service.Call(LongRequest());
  ASSERT_TRUE(service.events().chunks().Await(kChunksUntilBlocked));
  std::vector<VideoEvent> events;
  for (int chunks = 0; std::optional<VideoEvent> event = call.Next();) {
    EXPECT_EQ(event->seq(), static_cast<int64_t>(events.size() + 1));
    EXPECT_LE(service.events().chunks().value() - chunks, kChunksUntilBlocked + 1) << "the worker ran away";
    chunks += event->has_chunk() ? 1 : 0;
    events.push_back(*std::move(event));
  }
  EXPECT_TRUE(call.Finish().ok());
  EXPECT_TRUE(LastOf(events).has_completed());
  EXPECT_EQ(BytesOf(events), FakeVideoBytes(int64_t{kFrames} * kBytesPerFrame));
}

TEST(SlowReader, GetsTheLatestProgressOnly) {
  ServiceUnderTest service(LargeFrames());
  VideoCall call = service.Call(LongRequest());
  ASSERT_TRUE(service.events().chunks().Await(kChunksUntilBlocked));
  call.ReadUntil(VideoEvent::kChunk);
  int progresses_among_waiting_chunks = 0;
  for (int i = 1; i < kChunksUntilBlocked - 2; ++i)
    progresses_among_waiting_chunks += call.Take().has_progress() ? 1 : 0;
  EXPECT_LE(progresses_among_waiting_chunks, 1);
  EXPECT_TRUE(call.Finish().ok());
}

TEST(SlowReader, ThatCancelsFreesTheWorker) {
  ServiceUnderTest service(LargeFrames());
  VideoCall call = service.Call(LongRequest());
  ASSERT_TRUE(service.events().chunks().Await(kChunksUntilBlocked));
  call.Cancel();
  EXPECT_TRUE(service.events().ended().Await(1));
  EXPECT_TRUE(service.Call(SmallRequest()).Finish().ok());
}

TEST(SlowReader, ThatGoesAwayFreesTheWorker) {
  ServiceUnderTest service(LargeFrames());
  auto call = std::make_unique<VideoCall>(ConnectTo(service.port()), LongRequest());
  ASSERT_TRUE(service.events().chunks().Await(kChunksUntilBlocked));
  call.reset();
  EXPECT_TRUE(service.events().ended().Await(1));
  EXPECT_TRUE(service.Call(SmallRequest()).Finish().ok());
}

TEST(SlowReader, DoesNotHoldUpAServerThatIsDestroyed) {
  ServiceUnderTest service(LargeFrames());
  VideoCall call = service.Call(LongRequest());
  ASSERT_TRUE(service.events().chunks().Await(kChunksUntilBlocked));
  service.Shutdown();
  EXPECT_TRUE(service.events().ended().Await(1));
}

TEST(SlowReader, DoesNotOutlastItsExecutionTimeout) {
  ServiceUnderTest service(LargeFrames());
  v1::GenerateVideoRequest request = LongRequest();
  request.mutable_execution_timeout()->set_seconds(60);
  VideoCall call = service.Call(request);
  ASSERT_TRUE(service.events().chunks().Await(kChunksUntilBlocked));
  service.clock().Advance(absl::Seconds(60));
  service.service().Tick();
  ASSERT_TRUE(service.events().ended().Await(1));
  const std::vector<VideoEvent> events = call.ReadAll();
  const grpc::Status status = call.Finish();
  ASSERT_FALSE(events.empty());
  EXPECT_TRUE(LastOf(events).has_failed());
  EXPECT_EQ(status.error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_EQ(DetailsOf(status).reason(), reason::kJobTimeout);
  const std::string bytes = BytesOf(events);
  EXPECT_EQ(bytes, FakeVideoBytes(static_cast<int64_t>(bytes.size())));
  EXPECT_GE(bytes.size(), size_t{(kChunksUntilBlocked - 2) * kBytesPerFrame});
}

}  // namespace
}  // namespace ruyi
