// A call of GenerateVideo that goes well: its events, their order, the bytes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/digest/crc32c.h"
#include "tests/server/gate.h"
#include "tests/server/service/service_under_test.h"
#include "tests/server/test_request.h"
#include "tests/server/turnstile.h"
#include "tests/server/unary_answer.h"
#include "tests/support/status_matchers.h"
#include "tests/support/test_costs.h"

namespace ruyi {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using v1::VideoEvent;

// "accepted", "queued 0", "started 1", "PHASE_CONDITIONING 1/2", "chunk", "completed".
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
      return "chunk";
    case VideoEvent::kStarted:
      return absl::StrCat("started ", event.started().attempt());
    case VideoEvent::kPreview:
      return absl::StrCat("preview ", event.preview().step());
    case VideoEvent::kCompleted:
      return "completed";
    default:
      return "other";
  }
}

// Entries of the log come in its order, to the last one; what is not in the log has neither number nor time.
void ExpectTheLogsOrder(const std::vector<VideoEvent>& events, const JobRecord& job) {
  int64_t last = 0;
  for (const VideoEvent& event : events) {
    EXPECT_EQ(event.has_time(), event.seq() > 0);
    EXPECT_EQ(event.has_chunk(), event.seq() == 0);
    if (event.seq() == 0)
      continue;
    EXPECT_GT(event.seq(), last);
    last = event.seq();
  }
  EXPECT_EQ(events.front().seq(), 1);
  EXPECT_EQ(last, job.last_seq);
}

// Chunks are the file without gaps, and the last one says so.
void ExpectTheWholeFile(const std::vector<VideoEvent>& events) {
  int64_t offset = 0;
  bool is_whole = false;
  for (const VideoEvent& event : events) {
    if (!event.has_chunk())
      continue;
    EXPECT_EQ(event.chunk().offset(), offset);
    EXPECT_EQ(event.chunk().crc32c(), Crc32c(event.chunk().data()));
    EXPECT_FALSE(is_whole);
    EXPECT_TRUE(event.chunk().last() || !event.chunk().data().empty());
    is_whole = event.chunk().last();
    offset += static_cast<int64_t>(event.chunk().data().size());
  }
  EXPECT_TRUE(is_whole);
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
  // An event that follows at once may take the place of the end of the phase before, and chunks come when they are
  // there.
  std::erase(names, "PHASE_CONDITIONING 2/2");
  std::erase(names, "PHASE_DENOISING 3/3");
  std::erase(names, "chunk");
  EXPECT_THAT(names, ElementsAre("accepted", "queued 0", "started 1", "PHASE_CONDITIONING 0/2",
                                 "PHASE_CONDITIONING 1/2", "PHASE_DENOISING 0/3", "PHASE_DENOISING 1/3",
                                 "PHASE_DENOISING 2/3", "PHASE_DECODING 0/8", "PHASE_DECODING 1/8",
                                 "PHASE_DECODING 2/8", "PHASE_DECODING 3/8", "PHASE_DECODING 4/8", "PHASE_DECODING 5/8",
                                 "PHASE_DECODING 6/8", "PHASE_DECODING 7/8", "PHASE_DECODING 8/8", "completed"));
  EXPECT_TRUE(call.Finish().ok());
}

// The first bytes come while later frames are still being made.
TEST(GenerateVideo, SendsBytesWhileTheVideoIsBeingMade) {
  Gate gate;
  ServiceOptions options;
  options.pipeline.at_boundary = [&](Phase phase, int done) {
    if (phase == Phase::kDecoding && done == 4)
      gate.Pass();
  };
  ServiceUnderTest service(options);
  VideoCall call = service.Call(SmallRequest());
  EXPECT_EQ(LastOf(call.ReadUntil(VideoEvent::kChunk)).chunk().offset(), 0);
  EXPECT_EQ(service.events().ended().value(), 0);
  gate.Open();
  EXPECT_TRUE(call.Finish().ok());
}

TEST(GenerateVideo, SendsTheBytesOfTheFile) {
  ServiceUnderTest service;
  VideoCall call = service.Call(SmallRequest());
  const std::vector<VideoEvent> events = call.ReadAll();
  EXPECT_TRUE(call.Finish().ok());
  ASSERT_GE(events.size(), 3u);
  ASSERT_OK_AND_ASSIGN(const JobRecord job, service.jobs().Get("job-1"));
  ExpectTheLogsOrder(events, job);
  ExpectTheWholeFile(events);
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

TEST(GenerateVideo, SaysWhatItsQualityStandsFor) {
  ServiceUnderTest service;
  v1::GenerateVideoRequest request = SmallRequest();
  request.set_quality(v1::QUALITY_FAST);
  request.mutable_acceleration()->mutable_guidance_gate()->set_start_ratio(0.125);
  VideoCall call = service.Call(request);
  const v1::Acceleration acceleration = call.Take().accepted().video().settings().acceleration();
  EXPECT_TRUE(acceleration.easy_cache().has_threshold());
  EXPECT_EQ(acceleration.guidance_gate().start_ratio(), 0.125);
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
  const VideoEvent completed = LastOf(call.ReadAll());
  EXPECT_EQ(completed.time().seconds(), start + 3);
  EXPECT_EQ(completed.completed().video().end_time().seconds(), start + 3);
}

TEST(GenerateVideo, SaysWhichWorkerBeganAndHow) {
  ServiceUnderTest service;
  VideoCall call = service.Call(SmallRequest());
  const v1::VideoStarted started = LastOf(call.ReadUntil(VideoEvent::kStarted)).started();
  EXPECT_EQ(started.worker(), "worker-0");
  EXPECT_EQ(started.attempt(), 1);
  EXPECT_EQ(started.plan().stages_size(), kStages);
}

TEST(GenerateVideo, CompletesWithTheRecord) {
  ServiceUnderTest service;
  VideoCall call = service.Call(SmallRequest());
  const v1::Video completed = LastOf(call.ReadAll()).completed().video();
  EXPECT_EQ(completed.SerializeAsString(), GetVideo(service.channel(), completed.name()).response.SerializeAsString());
  EXPECT_EQ(completed.state(), v1::VIDEO_STATE_SUCCEEDED);
  EXPECT_EQ(completed.result().provenance().build(), "1.2.3");
  EXPECT_EQ(completed.result().provenance().seed(), 7u);
}

TEST(GenerateVideo, SendsPreviews) {
  Turnstile turnstile;
  ServiceOptions options;
  options.pipeline.at_boundary = [&](Phase, int) { turnstile.Pass(); };
  ServiceUnderTest service(options);
  v1::GenerateVideoRequest request = SmallRequest();
  request.mutable_preview()->set_every_steps(2);
  request.mutable_preview()->set_width(64);
  VideoCall call = service.Call(request);
  std::vector<v1::VideoPreview> previews;
  while (const std::optional<VideoEvent> event = call.Next()) {
    if (event->has_preview())
      previews.push_back(event->preview());
    if (event->has_progress() && event->progress().step() < event->progress().total())
      turnstile.Permit();
  }
  ASSERT_EQ(previews.size(), 1u);
  EXPECT_EQ(previews[0].step(), 2);
  EXPECT_EQ(previews[0].size().width(), 64);
  EXPECT_EQ(previews[0].size().height(), 64);
  EXPECT_FALSE(previews[0].jpeg().empty());
}

TEST(GenerateVideo, GivesTheBytesOfAnEqualVideoWhereTheyAreWelcome) {
  ServiceUnderTest service;
  v1::GenerateVideoRequest request = SmallRequest();
  request.set_seed(5);
  EXPECT_TRUE(service.Call(request).Finish().ok());
  service.StopWorker();
  request.set_reuse(v1::REUSE_PREFER);
  VideoCall call = service.Call(request);
  const std::vector<VideoEvent> events = call.ReadAll();
  EXPECT_TRUE(call.Finish().ok());
  EXPECT_TRUE(events.front().has_accepted());
  EXPECT_EQ(BytesOf(events), FakeVideoBytes(800));
  const v1::Video video = LastOf(events).completed().video();
  EXPECT_EQ(video.name(), "videos/job-2");
  EXPECT_EQ(video.result().reused_from(), "videos/job-1");
}

TEST(GenerateVideo, ShowsTheSameJobForTheSameRequestId) {
  ServiceUnderTest service;
  v1::GenerateVideoRequest request = SmallRequest();
  request.set_request_id("8c1f0e0a-4d7b-4a5e-9f0c-2b6f4a7d1e33");
  VideoCall first = service.Call(request);
  const std::vector<VideoEvent> events = first.ReadAll();
  VideoCall second = service.Call(request);
  EXPECT_EQ(LastOf(second.ReadAll()).completed().video().SerializeAsString(),
            LastOf(events).completed().video().SerializeAsString());
  EXPECT_EQ(service.events().accepted().value(), 1);
}

TEST(GenerateVideo, ServesClientsOnConnectionsOfTheirOwn) {
  ServiceUnderTest service;
  VideoCall first(ConnectTo(service.port()), SmallRequest());
  VideoCall second(ConnectTo(service.port()), SmallRequest());
  const std::vector<VideoEvent> second_events = second.ReadAll();
  const std::vector<VideoEvent> first_events = first.ReadAll();
  ExpectTheWholeFile(first_events);
  ExpectTheWholeFile(second_events);
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
