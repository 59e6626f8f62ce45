// Tests where a call's job stands in the queue, and that the call is told when the job moves up.
#include <gtest/gtest.h>

#include <vector>

#include "server/app/ticker.h"
#include "tests/server/service/service_under_test.h"
#include "tests/server/test_request.h"
#include "tests/server/unary_answer.h"

namespace ruyi {
namespace {

using v1::VideoEvent;

TEST(QueuePosition, TellsTwoCallsTheirPositions) {
  ServiceOptions options;
  options.has_worker = false;
  ServiceUnderTest service(options);
  VideoCall first = service.Call(SmallRequest());
  const VideoEvent first_queued = LastOf(first.ReadUntil(VideoEvent::kQueued));
  EXPECT_TRUE(first_queued.has_queued());
  EXPECT_EQ(first_queued.queued().position(), 0);
  VideoCall second = service.Call(SmallRequest());
  const VideoEvent second_queued = LastOf(second.ReadUntil(VideoEvent::kQueued));
  EXPECT_EQ(second_queued.queued().position(), 1);
  EXPECT_EQ(second_queued.seq(), 2);
  EXPECT_GT(second_queued.queued().expected_wait().seconds(), 0);
  service.StartWorker();
  const std::vector<VideoEvent> first_events = first.ReadAll();
  const std::vector<VideoEvent> second_events = second.ReadAll();
  EXPECT_TRUE(first.Finish().ok());
  EXPECT_TRUE(second.Finish().ok());
  EXPECT_EQ(BytesOf(first_events), FakeVideoBytes(800));
  EXPECT_EQ(BytesOf(second_events), FakeVideoBytes(800));
  EXPECT_EQ(LastOf(second_events).completed().video().name(), "videos/job-2");
}

TEST(QueuePosition, TellsWhoMovesUpInTheQueue) {
  ServiceOptions options;
  options.has_worker = false;
  ServiceUnderTest service(options);
  VideoCall first = service.Call(SmallRequest());
  first.ReadUntil(VideoEvent::kQueued);
  VideoCall second = service.Call(SmallRequest());
  second.ReadUntil(VideoEvent::kQueued);
  EXPECT_TRUE(CancelVideo(service.channel(), "videos/job-1").status.ok());
  const Ticker ticker(absl::Milliseconds(1), [&] { service.service().Tick(); });
  const VideoEvent moved_up = second.Take();
  EXPECT_TRUE(moved_up.has_queued());
  EXPECT_EQ(moved_up.queued().position(), 0);
  EXPECT_EQ(moved_up.seq(), 0);  // it is not in the log
  EXPECT_FALSE(moved_up.has_time());
}

TEST(QueuePosition, TellsWhoWaitsThatTheQueueIsPausedAndResumed) {
  ServiceOptions options;
  options.has_worker = false;
  ServiceUnderTest service(options);
  VideoCall call = service.Call(SmallRequest());
  EXPECT_FALSE(LastOf(call.ReadUntil(VideoEvent::kQueued)).queued().paused());
  ASSERT_TRUE(service.jobs().SetPaused(true).ok());
  const VideoEvent paused = call.Take();
  EXPECT_TRUE(paused.queued().paused());
  EXPECT_EQ(paused.queued().position(), 0);
  EXPECT_EQ(paused.seq(), 0);
  ASSERT_TRUE(service.jobs().SetPaused(false).ok());
  const VideoEvent resumed = call.Take();
  EXPECT_TRUE(resumed.has_queued());
  EXPECT_FALSE(resumed.queued().paused());
}

TEST(QueuePosition, SharesTheWaitAmongTheWorkers) {
  ServiceOptions options;
  options.has_worker = false;
  options.workers = 2;
  ServiceUnderTest service(options);
  VideoCall first = service.Call(SmallRequest());
  const v1::MemoryPlan plan = first.Take().accepted().video().plan();
  VideoCall second = service.Call(SmallRequest());
  const google::protobuf::Duration wait = LastOf(second.ReadUntil(VideoEvent::kQueued)).queued().expected_wait();
  EXPECT_NEAR(static_cast<double>(wait.seconds()) + wait.nanos() * 1e-9,
              (static_cast<double>(plan.predicted_time().seconds()) + plan.predicted_time().nanos() * 1e-9) / 2, 1e-6);
}

}  // namespace
}  // namespace ruyi
