// A call of GenerateVideo that goes well: its events, their order, the bytes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "tests/server/gate.h"
#include "tests/server/service/service_under_test.h"
#include "tests/server/test_request.h"
#include "tests/support/test_costs.h"

namespace ruyi {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
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
  EXPECT_THAT(
      names,
      ElementsAre("accepted", "PHASE_CONDITIONING 0/2", "PHASE_CONDITIONING 1/2", "PHASE_DENOISING 0/3",
                  "PHASE_DENOISING 1/3", "PHASE_DENOISING 2/3", "PHASE_DECODING 0/8", "PHASE_DECODING 1/8", "chunk 0",
                  "PHASE_DECODING 2/8", "chunk 100", "PHASE_DECODING 3/8", "chunk 200", "PHASE_DECODING 4/8",
                  "chunk 300", "PHASE_DECODING 5/8", "chunk 400", "PHASE_DECODING 6/8", "chunk 500",
                  "PHASE_DECODING 7/8", "chunk 600", "PHASE_DECODING 8/8", "chunk 700", "last 800", "completed"));
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

TEST(GenerateVideo, SaysWhichOptionsTheVideoIsMadeWith) {
  ServiceOptions options;
  options.pipeline.loras = std::make_shared<FakeLoraCatalog>(std::vector<std::string>{"film"});
  options.limits.fp8 = {.mode = Fp8Mode::kLite, .type = Fp8Type::kE5m2};
  ServiceUnderTest service(options);
  v1::GenerateVideoRequest request = SmallRequest();
  request.set_guidance_rescale(0.7);
  request.mutable_memory()->set_vae_tiling(true);
  request.mutable_acceleration()->add_loras()->set_name("film");
  request.mutable_acceleration()->mutable_tea_cache()->set_threshold(0.3);
  VideoCall call = service.Call(request);
  const v1::VideoSettings settings = call.Take().accepted().video().settings();
  EXPECT_EQ(settings.guidance_rescale(), 0.7);
  EXPECT_EQ(settings.clip_apply_ratio(), 0.4);
  EXPECT_TRUE(settings.memory().vae_tiling());
  EXPECT_EQ(settings.acceleration().fp8().mode(), v1::FP8_MODE_LITE);
  EXPECT_EQ(settings.acceleration().fp8().type(), v1::FP8_TYPE_E5M2);
  EXPECT_EQ(settings.acceleration().loras(0).strength(), 1.0);
  EXPECT_EQ(settings.acceleration().tea_cache().threshold(), 0.3);
  EXPECT_EQ(settings.acceleration().tea_cache().skip_start_steps(), 3);
  EXPECT_FALSE(settings.acceleration().has_enhance_a_video());
  EXPECT_EQ(LastOf(call.ReadAll()).completed().video().settings().SerializeAsString(), settings.SerializeAsString());
}

TEST(GenerateVideo, TellsWhichStepsWereLeftOut) {
  Turnstile turnstile;
  ServiceOptions options;
  options.pipeline.skipped_steps = {2, 3};
  options.pipeline.at_boundary = [&](Phase, int) { turnstile.Pass(); };
  ServiceUnderTest service(options);
  v1::GenerateVideoRequest request = SmallRequest();
  request.set_steps(4);
  VideoCall call = service.Call(request);
  std::map<int, std::vector<int>> skipped;  // by finished steps
  v1::VideoResult result;
  while (const std::optional<VideoEvent> event = call.Next()) {
    const v1::VideoProgress& progress = event->progress();
    if (progress.phase() == v1::PHASE_DENOISING)
      skipped[progress.step()] = {progress.skipped_steps().begin(), progress.skipped_steps().end()};
    if (event->has_progress() && progress.step() < progress.total())
      turnstile.Permit();
    if (event->has_completed())
      result = event->completed().video().result();
  }
  skipped.erase(4);  // the next phase may take its place
  EXPECT_THAT(skipped,
              ElementsAre(Pair(0, IsEmpty()), Pair(1, IsEmpty()), Pair(2, ElementsAre(2)), Pair(3, ElementsAre(2, 3))));
  EXPECT_THAT(result.skipped_steps(), ElementsAre(2, 3));
}

TEST(GenerateVideo, SaysWhichMemoryModeItChoseAndWhatItTook) {
  ServiceOptions options;
  options.pipeline.available_bytes = [] { return 4000 * kTestMib; };
  ServiceUnderTest service(options);
  VideoCall call = service.Call(SmallRequest());
  const v1::MemoryPlan plan = call.Take().accepted().video().plan();
  EXPECT_EQ(plan.mode().resident_blocks(), 1);
  EXPECT_EQ(plan.predicted_mib(), 3164);
  EXPECT_GT(plan.predicted_time().seconds(), 0);
  EXPECT_EQ(plan.budget_mib(), 4000);
  EXPECT_EQ(plan.stages_size(), kStages);
  EXPECT_THAT(plan.reason(), testing::HasSubstr("fits"));
  const v1::Video completed = LastOf(call.ReadAll()).completed().video();
  EXPECT_EQ(completed.plan().SerializeAsString(), plan.SerializeAsString());
  EXPECT_EQ(completed.usage().mode().SerializeAsString(), plan.mode().SerializeAsString());
  EXPECT_EQ(completed.usage().peak_mib(), 3164);
  EXPECT_EQ(completed.usage().retries(), 0);
}

TEST(GenerateVideo, GoesOnInASmallerModeWhenMemoryRunsOut) {
  ServiceOptions options;
  options.pipeline.out_of_memory = 2;
  ServiceUnderTest service(options);
  VideoCall call = service.Call(SmallRequest());
  const std::vector<VideoEvent> events = call.ReadAll();
  EXPECT_TRUE(call.Finish().ok());
  ExpectSeqWithoutGaps(events);
  std::vector<v1::VideoRetry> retries;
  for (const VideoEvent& event : events) {
    if (event.has_retry())
      retries.push_back(event.retry());
  }
  ASSERT_EQ(retries.size(), 2u);
  EXPECT_EQ(retries[0].from().resident_blocks(), 4);
  EXPECT_EQ(retries[0].to().resident_blocks(), 1);
  EXPECT_THAT(retries[0].reason(), testing::HasSubstr("out of memory"));
  EXPECT_EQ(retries[1].from().resident_blocks(), 1);
  EXPECT_EQ(retries[1].to().resident_blocks(), 0);
  const v1::Video video = LastOf(events).completed().video();
  EXPECT_EQ(video.plan().mode().resident_blocks(), 4);
  EXPECT_EQ(video.usage().mode().resident_blocks(), 0);
  EXPECT_EQ(video.usage().peak_mib(), 2164);
  EXPECT_EQ(video.usage().retries(), 2);
  EXPECT_EQ(BytesOf(events), FakeVideoBytes(800));
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
