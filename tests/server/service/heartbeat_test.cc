// Heartbeats: in silence, not before, and never first.
#include <gtest/gtest.h>

#include <optional>
#include <vector>

#include "server/app/ticker.h"
#include "tests/server/counter.h"
#include "tests/server/gate.h"
#include "tests/server/service/service_under_test.h"
#include "tests/server/stream_call.h"
#include "tests/server/test_request.h"

namespace ruyi {
namespace {

using v1::VideoEvent;

constexpr absl::Duration kInterval = EventStream::kHeartbeatInterval;

// A server with one call, whose job waits in the queue until StartWorker, and then in the second denoising step until
// the gate opens. It is ticked all the time; the clock says when a heartbeat is due.
class Heartbeat : public testing::Test {
 protected:
  static ServiceOptions Options(Gate* gate) {
    ServiceOptions options;
    options.has_worker = false;
    options.pipeline.at_boundary = [gate](Phase phase, int done) {
      if (phase == Phase::kDenoising && done == 1)
        gate->Pass();
    };
    return options;
  }

  // Returns after one more tick has ended.
  void AwaitTick() { EXPECT_TRUE(ticks_.Await(ticks_.value() + 2)); }

  // Reads up to this progress.
  void AwaitProgress(v1::Phase phase, int step) {
    std::optional<VideoEvent> event;
    do {
      event = call_.Next();
    } while (event.has_value() && (event->progress().phase() != phase || event->progress().step() != step));
    EXPECT_TRUE(event.has_value());
  }

  Gate gate_;
  Counter ticks_;
  ServiceUnderTest service_{Options(&gate_)};
  VideoCall call_ = service_.Call(SmallRequest());
  Ticker ticker_{absl::Milliseconds(1), [this] {
                   service_.service().Tick();
                   ticks_.Increment();
                 }};
};

TEST_F(Heartbeat, ComesAfterSilenceInTheQueue) {
  call_.ReadUntil(VideoEvent::kQueued);
  service_.clock().Advance(kInterval);
  const std::optional<VideoEvent> event = call_.Next();
  ASSERT_TRUE(event.has_value());
  EXPECT_TRUE(event->has_heartbeat());
  EXPECT_EQ(event->seq(), 0);  // it is not in the log
  EXPECT_FALSE(event->has_time());
}

TEST_F(Heartbeat, ComesAgainAfterMoreSilence) {
  call_.ReadUntil(VideoEvent::kQueued);
  for (int i = 0; i < 3; ++i) {
    service_.clock().Advance(kInterval);
    EXPECT_TRUE(call_.Take().has_heartbeat());
  }
}

TEST_F(Heartbeat, ComesDuringALongStep) {
  service_.StartWorker();
  ASSERT_TRUE(gate_.AwaitReached());
  AwaitProgress(v1::PHASE_DENOISING, 1);
  service_.clock().Advance(kInterval);
  EXPECT_TRUE(LastOf(call_.ReadUntil(VideoEvent::kHeartbeat)).has_heartbeat());
  gate_.Open();
  const std::vector<VideoEvent> rest = call_.ReadAll();
  ASSERT_FALSE(rest.empty());
  EXPECT_TRUE(LastOf(rest).has_completed());
  EXPECT_EQ(BytesOf(rest), FakeVideoBytes(800));
  EXPECT_TRUE(call_.Finish().ok());
}

TEST_F(Heartbeat, DoesNotComeBeforeItIsTime) {
  call_.ReadUntil(VideoEvent::kQueued);
  service_.clock().Advance(kInterval - absl::Nanoseconds(1));
  AwaitTick();
  service_.StartWorker();
  gate_.Open();
  for (const VideoEvent& event : call_.ReadAll())
    EXPECT_FALSE(event.has_heartbeat());
}

TEST_F(Heartbeat, DoesNotComeAfterTheEnd) {
  service_.StartWorker();
  gate_.Open();
  EXPECT_TRUE(call_.Finish().ok());
  service_.clock().Advance(kInterval);
  AwaitTick();
  EXPECT_TRUE(service_.Call(SmallRequest()).Finish().ok());
}

TEST_F(Heartbeat, ComesToWatchersToo) {
  call_.ReadUntil(VideoEvent::kQueued);
  WatchCall watch(service_.channel(), "videos/job-1");
  EXPECT_TRUE(watch.Next().value_or(VideoEvent()).has_accepted());
  EXPECT_TRUE(watch.Next().value_or(VideoEvent()).has_queued());
  service_.clock().Advance(kInterval);
  EXPECT_TRUE(watch.Next().value_or(VideoEvent()).has_heartbeat());
}

TEST(HeartbeatOrder, DoesNotComeWhilePicturesAreDecoded) {
  Gate gate;
  ServiceOptions options;
  options.on_decode = [&] { gate.Pass(); };
  ServiceUnderTest service(options);
  VideoCall call = service.Call(SmallRequest());
  ASSERT_TRUE(gate.AwaitReached());
  service.clock().Advance(kInterval);
  service.service().Tick();
  gate.Open();
  EXPECT_TRUE(call.Take().has_accepted());
}

TEST(HeartbeatOrder, DoesNotComeBeforeAccepted) {
  ServiceUnderTest* running = nullptr;
  ServiceOptions options;
  options.on_accepted = [&running] {
    running->clock().Advance(kInterval);
    running->service().Tick();
  };
  ServiceUnderTest service(options);
  running = &service;
  VideoCall call = service.Call(SmallRequest());
  const std::vector<VideoEvent> events = call.ReadAll();
  ASSERT_FALSE(events.empty());
  EXPECT_TRUE(events.front().has_accepted());
  EXPECT_TRUE(LastOf(events).has_completed());
}

}  // namespace
}  // namespace ruyi
