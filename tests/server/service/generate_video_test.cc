// A call of GenerateVideo that goes well: its events, their order, the bytes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "tests/server/gate.h"
#include "tests/server/service/service_under_test.h"
#include "tests/server/test_request.h"

namespace ruyi {
namespace {

using v1::VideoEvent;

// Lets the pipeline pass one boundary per permit.
class Turnstile {
 public:
  void Pass() {
    absl::MutexLock lock(&mutex_);
    const auto has_permit = [this] { return permits_ > 0; };
    mutex_.AwaitWithTimeout(absl::Condition(&has_permit), kPatience);
    --permits_;
  }

  void Permit() {
    absl::MutexLock lock(&mutex_);
    ++permits_;
  }

 private:
  absl::Mutex mutex_;
  int permits_ ABSL_GUARDED_BY(mutex_) = 0;
};

// "accepted", "queued 0", "conditioning 1/2", "chunk 100", "last 800", "completed".
std::string Name(const VideoEvent& event) {
  switch (event.event_case()) {
    case VideoEvent::kAccepted:
      return "accepted";
    case VideoEvent::kQueued:
      return absl::StrCat("queued ", event.queued().position());
    case VideoEvent::kProgress:
      return absl::StrCat(v1::Phase_Name(event.progress().phase()), " ", event.progress().step(), "/",
                          event.progress().total());
    case VideoEvent::kChunk:
      return absl::StrCat(event.chunk().last() ? "last " : "chunk ", event.chunk().offset());
    case VideoEvent::kCompleted:
      return "completed";
    default:
      return "other";
  }
}

void ExpectSeqWithoutGaps(const std::vector<VideoEvent>& events) {
  for (size_t i = 0; i < events.size(); ++i)
    EXPECT_EQ(events[i].seq(), static_cast<int64_t>(i + 1));
}

TEST(GenerateVideo, SendsEveryEventInOrderToAReaderThatKeepsUp) {
  Turnstile turnstile;
  ServiceOptions options;
  options.pipeline.at_boundary = [&](Phase, int) { turnstile.Pass(); };
  ServiceUnderTest service(options);
  VideoCall call = service.Call(SmallRequest());
  std::vector<std::string> names;
  while (const std::optional<VideoEvent> event = call.Next()) {
    names.push_back(Name(*event));
    if (event->has_progress() && event->progress().step() < event->progress().total())
      turnstile.Permit();
  }
  // What follows at once may take the place of the end of the phase before.
  std::erase(names, "queued 0");
  std::erase(names, "PHASE_CONDITIONING 2/2");
  std::erase(names, "PHASE_DENOISING 3/3");
  EXPECT_THAT(names, testing::ElementsAre("accepted", "PHASE_CONDITIONING 0/2", "PHASE_CONDITIONING 1/2",
                                          "PHASE_DENOISING 0/3", "PHASE_DENOISING 1/3", "PHASE_DENOISING 2/3",
                                          "PHASE_DECODING 0/8", "PHASE_DECODING 1/8", "chunk 0", "PHASE_DECODING 2/8",
                                          "chunk 100", "PHASE_DECODING 3/8", "chunk 200", "PHASE_DECODING 4/8",
                                          "chunk 300", "PHASE_DECODING 5/8", "chunk 400", "PHASE_DECODING 6/8",
                                          "chunk 500", "PHASE_DECODING 7/8", "chunk 600", "PHASE_DECODING 8/8",
                                          "chunk 700", "last 800", "completed"));
  EXPECT_TRUE(call.Finish().ok());
}

TEST(GenerateVideo, SendsTheBytesOfTheFile) {
  ServiceUnderTest service;
  VideoCall call = service.Call(SmallRequest());
  const std::vector<VideoEvent> events = call.ReadAll();
  EXPECT_TRUE(call.Finish().ok());
  ASSERT_GE(events.size(), 3u);
  ExpectSeqWithoutGaps(events);
  EXPECT_EQ(BytesOf(events), FakeVideoBytes(800));
  const v1::VideoChunk& last = events[events.size() - 2].chunk();
  EXPECT_TRUE(last.last());
  EXPECT_EQ(last.total_size_bytes(), 800);
  EXPECT_EQ(last.sha256().size(), 32u);
  const v1::VideoResult result = LastOf(events).completed().video().result();
  EXPECT_EQ(result.size_bytes(), 800);
  EXPECT_EQ(result.sha256(), last.sha256());
}

TEST(GenerateVideo, NeedsNoDeadline) {
  ServiceUnderTest service;
  EXPECT_TRUE(VideoCall(service.channel(), SmallRequest(), VideoCall::Deadline::max()).Finish().ok());
}

TEST(GenerateVideo, SaysWhatTheVideoIsMadeWith) {
  ServiceUnderTest service;
  v1::GenerateVideoRequest request = SmallRequest();
  request.clear_size();
  request.set_camera(v1::CAMERA_UP);
  VideoCall call = service.Call(request);
  const std::optional<VideoEvent> accepted = call.Next();
  ASSERT_TRUE(accepted.has_value());
  const v1::Video& video = accepted->accepted().video();
  EXPECT_EQ(video.name(), "videos/job-1");
  EXPECT_EQ(video.settings().size().width(), 640);
  EXPECT_EQ(video.settings().size().height(), 384);
  EXPECT_EQ(video.settings().camera(), v1::CAMERA_UP);
  EXPECT_EQ(video.settings().seed(), 7u);
  EXPECT_EQ(video.settings().guidance_scale(), 7.0);
  EXPECT_TRUE(call.Finish().ok());
}

TEST(GenerateVideo, EventsCarryTheTimeOfTheServersClock) {
  Gate gate;
  ServiceOptions options;
  options.pipeline.at_boundary = [&](Phase phase, int done) {
    if (phase == Phase::kDenoising && done == 0)
      gate.Pass();
  };
  ServiceUnderTest service(options);
  const int64_t start = absl::ToUnixSeconds(service.clock().Now());
  VideoCall call = service.Call(SmallRequest());
  EXPECT_EQ(call.Take().time().seconds(), start);
  ASSERT_TRUE(gate.AwaitReached());
  service.clock().Advance(absl::Seconds(3));
  gate.Open();
  EXPECT_EQ(LastOf(call.ReadAll()).time().seconds(), start + 3);
}

TEST(GenerateVideo, TellsTwoCallsTheirPositions) {
  ServiceOptions options;
  options.has_worker = false;
  ServiceUnderTest service(options);
  VideoCall first = service.Call(SmallRequest());
  const VideoEvent first_queued = LastOf(first.ReadUntil(VideoEvent::kQueued));
  EXPECT_TRUE(first_queued.has_queued());
  EXPECT_EQ(first_queued.queued().position(), 0);
  VideoCall second = service.Call(SmallRequest());
  EXPECT_EQ(LastOf(second.ReadUntil(VideoEvent::kQueued)).queued().position(), 1);
  service.StartWorker();
  const std::vector<VideoEvent> first_events = first.ReadAll();
  const std::vector<VideoEvent> second_events = second.ReadAll();
  EXPECT_TRUE(first.Finish().ok());
  EXPECT_TRUE(second.Finish().ok());
  EXPECT_EQ(BytesOf(first_events), FakeVideoBytes(800));
  EXPECT_EQ(BytesOf(second_events), FakeVideoBytes(800));
  EXPECT_EQ(LastOf(second_events).completed().video().name(), "videos/job-2");
}

TEST(GenerateVideo, ServesClientsOnConnectionsOfTheirOwn) {
  ServiceUnderTest service;
  VideoCall first(ConnectTo(service.port()), SmallRequest());
  VideoCall second(ConnectTo(service.port()), SmallRequest());
  const std::vector<VideoEvent> second_events = second.ReadAll();
  const std::vector<VideoEvent> first_events = first.ReadAll();
  ExpectSeqWithoutGaps(first_events);
  ExpectSeqWithoutGaps(second_events);
  EXPECT_EQ(BytesOf(first_events), FakeVideoBytes(800));
  EXPECT_EQ(BytesOf(second_events), FakeVideoBytes(800));
}

TEST(GenerateVideo, FinishesEachCallOnce) {
  ServiceUnderTest service;
  for (int i = 1; i <= 10; ++i) {
    EXPECT_TRUE(service.Call(SmallRequest()).Finish().ok());
    EXPECT_TRUE(service.calls().statuses.Await(i));
  }
  EXPECT_EQ(service.calls().statuses.value(), 10);
}

}  // namespace
}  // namespace ruyi
