#include "client/video_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <utility>
#include <vector>

#include "absl/synchronization/notification.h"
#include "tests/client/fake_server.h"
#include "tests/client/scripted_events.h"

namespace ruyi::client {
namespace {

class FakeHandler final : public VideoEventHandler {
 public:
  explicit FakeHandler(std::function<absl::Status()> answer = [] { return absl::OkStatus(); })
      : answer_(std::move(answer)) {}

  absl::Status OnEvent(const v1::VideoEvent& event) override {
    events.push_back(event);
    return answer_();
  }

  std::vector<v1::VideoEvent> events;

 private:
  std::function<absl::Status()> answer_;
};

// Heartbeats until the caller is gone.
grpc::Status BeatUntilCancelled(grpc::ServerContext&, EventWriter& writer) {
  while (writer.Write(HeartbeatEvent())) {
  }
  return grpc::Status::CANCELLED;
}

TEST(VideoClient, HandsOnEveryEventInOrder) {
  FakeServer server;
  server.Play(WholeVideo("0123456789", 4));
  FakeHandler handler;
  EXPECT_TRUE(VideoClient(server.address()).Generate({}, {}, handler).ok());
  ASSERT_EQ(handler.events.size(), 6);
  for (size_t i = 0; i < handler.events.size(); ++i) {
    EXPECT_EQ(handler.events[i].seq(), static_cast<int64_t>(i + 1));
  }
}

TEST(VideoClient, SendsLargePicturesAndReceivesTheLargestChunk) {
  FakeServer server;
  const std::string chunk(256 * 1024, 'x');
  server.Play({ChunkEvent(0, chunk)});
  v1::GenerateVideoRequest request;
  for (int i = 0; i < 4; ++i) {
    request.add_start_images()->set_data(std::string(4 << 20, 'p'));
  }
  FakeHandler handler;
  EXPECT_TRUE(VideoClient(server.address()).Generate(request, {}, handler).ok());
  EXPECT_EQ(server.requests()[0].start_images(3).data().size(), 4u << 20);
  EXPECT_EQ(handler.events[0].chunk().data(), chunk);
}

TEST(VideoClient, CancelsTheCallWhenTheHandlerFails) {
  FakeServer server;
  server.Play(&BeatUntilCancelled);
  FakeHandler handler([] { return absl::InternalError("full"); });
  EXPECT_EQ(VideoClient(server.address()).Generate({}, {}, handler).error_code(), grpc::CANCELLED);
  EXPECT_EQ(handler.events.size(), 1);
}

TEST(VideoClient, CancelsTheCallForItsSource) {
  FakeServer server;
  server.Play(&BeatUntilCancelled);
  CancelSource source;
  FakeHandler handler([&source] {
    source.Cancel();
    return absl::OkStatus();
  });
  const grpc::Status status = VideoClient(server.address()).Generate({}, {.cancel_source = &source}, handler);
  EXPECT_EQ(status.error_code(), grpc::CANCELLED);
}

TEST(VideoClient, EndsAtItsDeadline) {
  absl::Notification done;
  FakeServer server;
  server.Play([&done](grpc::ServerContext&, EventWriter&) {
    done.WaitForNotification();
    return grpc::Status::OK;
  });
  FakeHandler handler;
  const grpc::Status status = VideoClient(server.address()).Generate({}, {.timeout = absl::Milliseconds(50)}, handler);
  done.Notify();
  EXPECT_EQ(status.error_code(), grpc::DEADLINE_EXCEEDED);
}

TEST(VideoClient, ReturnsTheStatusWithItsDetails) {
  FakeServer server;
  server.Play({}, ToGrpc(DetailedStatus(grpc::INVALID_ARGUMENT, "wrong", "INVALID_REQUEST")));
  FakeHandler handler;
  const grpc::Status status = VideoClient(server.address()).Generate({}, {}, handler);
  EXPECT_EQ(status.error_code(), grpc::INVALID_ARGUMENT);
  EXPECT_NE(status.error_details(), "");
}

TEST(VideoClient, GetsAnEstimate) {
  FakeServer server;
  v1::EstimateVideoResponse sent;
  sent.set_budget_mib(12288);
  server.Answer(sent);
  v1::EstimateVideoRequest question;
  question.set_vram_mib(7);
  v1::EstimateVideoResponse received;
  EXPECT_TRUE(VideoClient(server.address()).Estimate(question, {}, &received).ok());
  EXPECT_EQ(received.budget_mib(), 12288);
  ASSERT_EQ(server.questions().size(), 1);
  EXPECT_EQ(server.questions()[0].vram_mib(), 7);
}

TEST(VideoClient, GetsCapabilities) {
  FakeServer server;
  v1::Capabilities sent;
  sent.set_model("demo");
  server.Answer(sent);
  v1::Capabilities received;
  EXPECT_TRUE(VideoClient(server.address()).GetCapabilities({}, &received).ok());
  EXPECT_EQ(received.model(), "demo");
}

}  // namespace
}  // namespace ruyi::client
