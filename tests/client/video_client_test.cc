#include "client/video_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <thread>
#include <utility>
#include <vector>

#include "tests/client/fake_server.h"
#include "tests/client/frozen_link.h"
#include "tests/client/scripted_events.h"

namespace ruyi::client {
namespace {

// Takes events until one is answered with an error.
class FakeTaker {
 public:
  explicit FakeTaker(std::function<absl::Status()> answer = [] { return absl::OkStatus(); })
      : answer_(std::move(answer)) {}

  grpc::Status Watch(VideoClient client, const CallOptions& options = {}) {
    return client.Watch({}, options, [this](const v1::VideoEvent& event) {
      events.push_back(event);
      return answer_();
    });
  }

  std::vector<v1::VideoEvent> events;

 private:
  std::function<absl::Status()> answer_;
};

TEST(VideoClient, HandsOnEveryEventInOrder) {
  FakeServer server;
  server.OnWatch(SendEvents({AcceptedEvent(), QueuedEvent(1), QueuedEvent(0)}));
  FakeTaker taker;
  EXPECT_TRUE(taker.Watch(VideoClient(server.address())).ok());
  ASSERT_EQ(taker.events.size(), 3);
  for (size_t i = 0; i < taker.events.size(); ++i)
    EXPECT_EQ(taker.events[i].seq(), static_cast<int64_t>(i + 1));
}

TEST(VideoClient, SendsLargePictures) {
  FakeServer server;
  server.OnCreate(&CreateIt);
  v1::CreateVideoRequest request;
  for (int i = 0; i < 4; ++i)
    request.mutable_request()->add_start_images()->set_data(std::string(4 << 20, 'p'));
  v1::Video video;
  EXPECT_TRUE(VideoClient(server.address()).Create(request, {}, &video).ok());
  EXPECT_EQ(video.name(), "videos/7");
  EXPECT_EQ(server.creations()[0].request().start_images(3).data().size(), 4u << 20);
}

TEST(VideoClient, ReceivesTheLargestChunk) {
  FakeServer server;
  const std::string film(256 * 1024, 'x');
  server.OnDownload(SendFilm(film, film.size()));
  std::vector<v1::VideoChunk> chunks;
  const auto take = [&chunks](const v1::VideoChunk& chunk) {
    chunks.push_back(chunk);
    return absl::OkStatus();
  };
  EXPECT_TRUE(VideoClient(server.address()).Download({}, {}, take).ok());
  ASSERT_EQ(chunks.size(), 2);
  EXPECT_EQ(chunks[0].data(), film);
}

TEST(VideoClient, UploadsAPictureInParts) {
  FakeServer server;
  const std::string picture(1'000'000, 'p');
  v1::Image image;
  EXPECT_TRUE(VideoClient(server.address()).Upload(picture, {}, &image).ok());
  EXPECT_EQ(image.name(), "images/1");
  EXPECT_EQ(server.uploads(), std::vector<std::string>{picture});
}

TEST(VideoClient, CancelsTheCallWhenAnEventIsNotTaken) {
  FakeServer server;
  server.OnWatch(&BeatUntilCancelled);
  FakeTaker taker([] { return absl::InternalError("full"); });
  EXPECT_EQ(taker.Watch(VideoClient(server.address())).error_code(), grpc::CANCELLED);
  EXPECT_EQ(taker.events.size(), 1);
}

TEST(VideoClient, CancelsTheCallForItsSource) {
  FakeServer server;
  server.OnWatch(&BeatUntilCancelled);
  CancelSource source;
  FakeTaker taker([&source] {
    source.Cancel();
    return absl::OkStatus();
  });
  EXPECT_EQ(taker.Watch(VideoClient(server.address()), {.cancel_source = &source}).error_code(), grpc::CANCELLED);
}

TEST(VideoClient, EndsAtItsDeadline) {
  FakeServer server;
  server.OnDownload(&WaitUntilCancelled);
  const grpc::Status status =
      VideoClient(server.address()).Download({}, {.timeout = absl::Milliseconds(50)}, [](auto&) {
        return absl::OkStatus();
      });
  EXPECT_EQ(status.error_code(), grpc::DEADLINE_EXCEEDED);
}

TEST(VideoClient, ReturnsTheStatusWithItsDetails) {
  FakeServer server;
  server.OnWatch(SendEvents({}, ToGrpc(DetailedStatus(grpc::INVALID_ARGUMENT, "wrong", "INVALID_REQUEST"))));
  const grpc::Status status = FakeTaker().Watch(VideoClient(server.address()));
  EXPECT_EQ(status.error_code(), grpc::INVALID_ARGUMENT);
  EXPECT_NE(status.error_details(), "");
}

// The link is cut without a word, as by a router that forgets it.
TEST(VideoClient, FindsAConnectionThatOnlySeemsToLive) {
  FakeServer server;
  server.OnWatch([](grpc::ServerContext& context, const v1::WatchVideoRequest&, EventWriter& writer) {
    writer.Write(HeartbeatEvent());
    while (!context.IsCancelled())
      std::this_thread::yield();
    return grpc::Status::CANCELLED;
  });
  FrozenLink link(server.address());
  FakeTaker taker([&link] {
    link.Freeze();
    return absl::OkStatus();
  });
  const ChannelOptions options = {.keepalive_time = absl::Milliseconds(20),
                                  .keepalive_timeout = absl::Milliseconds(20)};
  EXPECT_EQ(taker.Watch(VideoClient(link.address(), options)).error_code(), grpc::UNAVAILABLE);
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
