// Tests calls of WatchVideo: the log from any entry on, for as many readers as there are, and nothing of it harms the
// job.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/error_info.h"
#include "core/base/error_reasons.h"
#include "tests/server/gate.h"
#include "tests/server/rpc_status.h"
#include "tests/server/service/service_under_test.h"
#include "tests/server/stream_call.h"
#include "tests/server/test_request.h"
#include "tests/server/unary_answer.h"
#include "tests/support/status_matchers.h"

namespace ruyi {
namespace {

using v1::VideoEvent;

constexpr char kName[] = "videos/job-1";

// A server with one video, which waits.
class WatchVideo : public testing::Test {
 protected:
  static ServiceOptions WithoutWorker(Gate* gate) {
    ServiceOptions options;
    options.has_worker = false;
    options.pipeline.at_boundary = [gate](Phase phase, int done) {
      if (phase == Phase::kDenoising && done == 1)
        gate->Pass();
    };
    return options;
  }

  WatchVideo() { EXPECT_TRUE(CreateVideo(service_.channel(), SmallRequest()).status.ok()); }

  void Complete() {
    gate_.Open();
    service_.StartWorker();
    ASSERT_TRUE(service_.events().ended().Await(1));
  }

  int64_t last_seq() { return service_.jobs().Get("job-1").value_or(JobRecord()).last_seq; }

  Gate gate_;
  ServiceUnderTest service_{WithoutWorker(&gate_)};
};

TEST_F(WatchVideo, ShowsAnExpiredVideoAsItWasMade) {
  Complete();
  const v1::Video made = GetVideo(service_.channel(), kName).response;
  ASSERT_THAT(service_.jobs().Expire("job-1"), IsOk());
  WatchCall watch(service_.channel(), kName);
  VideoEvent last;
  while (std::optional<VideoEvent> event = watch.Next())
    last = *std::move(event);
  EXPECT_EQ(last.completed().video().state(), v1::VIDEO_STATE_SUCCEEDED);
  EXPECT_EQ(last.completed().video().etag(), made.etag());
  EXPECT_EQ(last.completed().video().result().sha256(), made.result().sha256());
}

TEST_F(WatchVideo, ShowsTheLogAsItGrowsAndNoBytes) {
  WatchCall watch(service_.channel(), kName);
  EXPECT_TRUE(watch.Next().value_or(VideoEvent()).has_accepted());
  EXPECT_TRUE(watch.Next().value_or(VideoEvent()).has_queued());
  Complete();
  const std::vector<VideoEvent> events = watch.ReadAll();
  ASSERT_FALSE(events.empty());
  EXPECT_TRUE(events.front().has_started());
  int64_t seq = 2;
  for (const VideoEvent& event : events) {
    EXPECT_FALSE(event.has_chunk());
    EXPECT_GT(event.seq(), seq);
    EXPECT_TRUE(event.has_time());
    seq = event.seq();
  }
  EXPECT_EQ(seq, last_seq());
  EXPECT_TRUE(LastOf(events).has_completed());
  EXPECT_TRUE(watch.Finish().ok());
}

TEST_F(WatchVideo, ShowsItAllAgainAfterTheEnd) {
  Complete();
  WatchCall watch(service_.channel(), kName);
  const std::vector<VideoEvent> events = watch.ReadAll();
  EXPECT_EQ(events.front().seq(), 1);
  EXPECT_TRUE(events.front().has_accepted());
  EXPECT_TRUE(LastOf(events).has_completed());
  EXPECT_TRUE(watch.Finish().ok());
}

TEST_F(WatchVideo, GoesOnAfterTheEntryThatWasSeen) {
  Complete();
  EXPECT_EQ(WatchCall(service_.channel(), kName, 2).Next().value_or(VideoEvent()).seq(), 3);
  WatchCall last(service_.channel(), kName, last_seq() - 1);
  const std::vector<VideoEvent> events = last.ReadAll();
  ASSERT_EQ(events.size(), 1u);
  EXPECT_TRUE(events[0].has_completed());
}

// A stream without it would say nothing of the video.
TEST_F(WatchVideo, ShowsTheLastEventAlsoWhereAllWasSeen) {
  Complete();
  WatchCall watch(service_.channel(), kName, last_seq());
  const std::vector<VideoEvent> events = watch.ReadAll();
  ASSERT_EQ(events.size(), 1u);
  EXPECT_TRUE(events[0].has_completed());
  EXPECT_EQ(events[0].seq(), last_seq());
  EXPECT_TRUE(watch.Finish().ok());
}

TEST_F(WatchVideo, WaitsForTheNextEntryWhereAllWasSeenSoFar) {
  WatchCall watch(service_.channel(), kName, 2);
  service_.StartWorker();
  EXPECT_TRUE(watch.Next().value_or(VideoEvent()).has_started());
  gate_.Open();
  EXPECT_TRUE(watch.Finish().ok());
}

TEST_F(WatchVideo, MayBeWatchedByManyWhoMayGo) {
  std::vector<std::unique_ptr<WatchCall>> watches;
  for (int i = 0; i < 5; ++i)
    watches.push_back(std::make_unique<WatchCall>(service_.channel(), kName));
  service_.StartWorker();
  ASSERT_TRUE(gate_.AwaitReached());
  watches[0]->Cancel();
  EXPECT_EQ(watches[0]->Finish().error_code(), grpc::StatusCode::CANCELLED);
  watches[1].reset();
  gate_.Open();
  for (size_t i = 2; i < watches.size(); ++i)
    EXPECT_TRUE(LastOf(watches[i]->ReadAll()).has_completed());
  EXPECT_EQ(GetVideo(service_.channel(), kName).response.state(), v1::VIDEO_STATE_SUCCEEDED);
}

TEST_F(WatchVideo, ShowsACancellation) {
  WatchCall watch(service_.channel(), kName, 2);
  service_.StartWorker();
  ASSERT_TRUE(gate_.AwaitReached());
  EXPECT_TRUE(CancelVideo(service_.channel(), kName).status.ok());
  std::optional<VideoEvent> event = watch.Next();
  while (event.has_value() && !event->has_cancelling())
    event = watch.Next();
  ASSERT_TRUE(event.has_value());
  EXPECT_EQ(DetailsOf(event->cancelling().status()).reason(), reason::kCancelledByCaller);
  EXPECT_TRUE(service_.pipeline().AwaitTokenEnd());
  gate_.Open();
  EXPECT_EQ(DetailsOf(LastOf(watch.ReadAll()).failed().status()).reason(), reason::kCancelledByCaller);
}

// The failure of a video is no error of the call that watches it.
TEST_F(WatchVideo, EndsWellAfterAVideoThatFailed) {
  EXPECT_TRUE(CancelVideo(service_.channel(), kName).status.ok());
  WatchCall watch(service_.channel(), kName);
  EXPECT_TRUE(LastOf(watch.ReadAll()).has_failed());
  EXPECT_TRUE(watch.Finish().ok());
}

TEST(WatchVideoAgain, ShowsAVideoThatWasHandedBackAndGoesOn) {
  Gate gate;
  ServiceUnderTest* running = nullptr;
  ServiceOptions options;
  options.pipeline.at_boundary = [&, attempts = 0](Phase phase, int done) mutable {
    if (phase != Phase::kDenoising || done != 1 || ++attempts > 1)
      return;
    gate.Pass();
    EXPECT_TRUE(running->pipeline().AwaitHandBack());
  };
  ServiceUnderTest service(options);
  running = &service;
  CreateVideo(service.channel(), SmallRequest());
  WatchCall watch(service.channel(), kName);
  ASSERT_TRUE(gate.AwaitReached());
  gate.Open();
  service.StopWorker();
  service.StartWorker();
  const std::vector<VideoEvent> events = watch.ReadAll();
  std::vector<std::string> kinds;
  for (const VideoEvent& event : events) {
    if (event.has_started())
      kinds.push_back(absl::StrCat("started ", event.started().attempt()));
    if (event.has_queued())
      kinds.push_back("queued");
    if (event.has_resumed())
      kinds.push_back(absl::StrCat("resumed ", event.resumed().step()));
  }
  EXPECT_THAT(kinds, testing::ElementsAre("queued", "started 1", "queued", "started 2", "resumed 2"));
  EXPECT_EQ(LastOf(events).completed().video().usage().resumes(), 1);
}

TEST_F(WatchVideo, RefusesPlacesThatAreNotInTheLog) {
  for (const int64_t after_seq : {int64_t{-1}, int64_t{3}}) {
    const grpc::Status status = WatchCall(service_.channel(), kName, after_seq).Finish();
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
    EXPECT_THAT(DetailsOf(status).wrong_fields(), testing::ElementsAre("after_seq"));
  }
}

TEST_F(WatchVideo, KnowsNoOtherVideos) {
  const grpc::Status status = WatchCall(service_.channel(), "videos/other").Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
  ASSERT_TRUE(DetailsOf(status).resource_info.has_value());
  EXPECT_EQ(DetailsOf(status).resource_info->resource_name(), "videos/other");
  EXPECT_THAT(DetailsOf(WatchCall(service_.channel(), "job-1").Finish()).wrong_fields(), testing::ElementsAre("name"));
}

TEST_F(WatchVideo, EndsWithTheServerAndLeavesTheJob) {
  WatchCall watch(service_.channel(), kName, 2);
  service_.service().EndStreams(ErrorWithReason(absl::StatusCode::kUnavailable, "stopping", reason::kDraining));
  EXPECT_EQ(DetailsOf(watch.Finish()).reason(), reason::kDraining);
  EXPECT_EQ(DetailsOf(WatchCall(service_.channel(), kName).Finish()).reason(), reason::kDraining);
  EXPECT_EQ(GetVideo(service_.channel(), kName).response.state(), v1::VIDEO_STATE_QUEUED);
}

}  // namespace
}  // namespace ruyi
