// A run that goes on from a checkpoint makes the video of one that was never interrupted.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "core/base/error_info.h"
#include "tests/core/pipeline/resume_run.h"
#include "tests/core/pipeline/small_pipeline.h"
#include "tests/core/pipeline/small_video.h"
#include "tests/support/status_matchers.h"

namespace ruyi {
namespace {

using testing::ElementsAre;
using testing::Eq;
using testing::IsEmpty;
using testing::SizeIs;

const std::filesystem::path kLoras = std::filesystem::path(RUYI_SOURCE_DIR) / "tests" / "golden" / "lora";

RuyiPipelineOptions WithLoraFolder() {
  RuyiPipelineOptions options = SmallOptions();
  options.lora_folder = kLoras;
  return options;
}

VideoInput VideoOfSteps(int steps) {
  VideoInput video = SmallVideo();
  video.spec.steps = steps;
  return video;
}

// A way through the loop of its own.
struct Way {
  std::string name;
  VideoInput video;
};

void PrintTo(const Way& way, std::ostream* out) {
  *out << way.name;
}

Way WayOf(std::string name, void (*change)(VideoSpec&)) {
  Way way = {.name = std::move(name), .video = VideoOfSteps(4)};
  change(way.video.spec);
  return way;
}

void UseTeaCache(VideoSpec& spec, bool offload) {
  spec.steps = 6;
  spec.tea_cache = {.threshold = 1.0, .skip_start_steps = 2, .skip_end_steps = 1, .offload = offload};
}

void UseEasyCache(VideoSpec& spec) {
  spec.steps = 6;
  spec.easy_cache = {.threshold = 1.0, .skip_start_steps = 2, .skip_end_steps = 1};
}

std::vector<Way> Ways() {
  return {
      WayOf("Ddim", [](VideoSpec& spec) { spec.sampler = SamplerKind::kDdim; }),
      WayOf("Euler", [](VideoSpec& spec) { spec.sampler = SamplerKind::kEuler; }),
      WayOf("EulerAncestral", [](VideoSpec& spec) { spec.sampler = SamplerKind::kEulerAncestral; }),
      WayOf("DpmMultistep", [](VideoSpec& spec) { spec.sampler = SamplerKind::kDpmMultistep; }),
      WayOf("Pndm", [](VideoSpec& spec) { spec.sampler = SamplerKind::kPndm; }),
      WayOf("Unguided", [](VideoSpec& spec) { spec.guidance_scale = 1; }),
      WayOf("TeaCache", [](VideoSpec& spec) { UseTeaCache(spec, false); }),
      WayOf("TeaCacheOffloaded", [](VideoSpec& spec) { UseTeaCache(spec, true); }),
      WayOf("EasyCache", UseEasyCache),
      WayOf("EasyCacheUnguided",
            [](VideoSpec& spec) {
              UseEasyCache(spec);
              spec.guidance_scale = 1;
            }),
      WayOf("GuidanceGate", [](VideoSpec& spec) { spec.guidance_gate = {.start_ratio = 0.5}; }),
      WayOf("GuidanceGateThatNeverCloses", [](VideoSpec& spec) { spec.guidance_gate = {.start_ratio = 0.99}; }),
      WayOf("EasyCacheAndGuidanceGate",
            [](VideoSpec& spec) {
              UseEasyCache(spec);
              spec.sampler = SamplerKind::kPndm;
              spec.guidance_gate = {.start_ratio = 0.3};
              spec.guidance_rescale = 0.5;
            }),
      WayOf("Enhanced", [](VideoSpec& spec) { spec.enhance = {.weight = 2, .skip_start_steps = 1}; }),
      WayOf("EightBits", [](VideoSpec& spec) { spec.fp8 = {.mode = Fp8Mode::kExtreme}; }),
      WayOf("EightBitsScaled",
            [](VideoSpec& spec) { spec.fp8 = {.mode = Fp8Mode::kExtreme, .arithmetic = Fp8Arithmetic::kScaled}; }),
      WayOf("Lora", [](VideoSpec& spec) { spec.loras = {{.name = "rank4_alpha2", .strength = 0.8}}; }),
      WayOf("Together",
            [](VideoSpec& spec) {
              UseTeaCache(spec, true);
              spec.sampler = SamplerKind::kEulerAncestral;
              spec.enhance = EnhanceSettings();
              spec.fp8 = {.mode = Fp8Mode::kExtreme};
              spec.loras = {{.name = "rank4_alpha2", .strength = 0.8}};
              spec.guidance_rescale = 0.5;
            }),
  };
}

std::vector<Progress> DenoisingOf(const std::vector<Progress>& reports) {
  std::vector<Progress> denoising;
  for (const Progress& report : reports) {
    if (report.phase == Phase::kDenoising)
      denoising.push_back(report);
  }
  return denoising;
}

class ResumeTest : public testing::Test {
 protected:
  // The run from its beginning, with a checkpoint after each call of the model.
  static void Make(RuyiPipeline& pipeline, const VideoInput& video, ResumedRun& whole) {
    ASSERT_THAT(whole.Generate(pipeline, video), IsOk());
    ASSERT_EQ(whole.checkpoints.checkpoints.size() + 1, DenoisingOf(whole.progress.reports).size());
    EXPECT_EQ(static_cast<size_t>(whole.checkpoints.asked), whole.checkpoints.checkpoints.size());
    for (size_t i = 0; i < whole.checkpoints.checkpoints.size(); ++i)
      EXPECT_EQ(whole.checkpoints.checkpoints[i].step, i + 1);
  }

  RuyiPipeline pipeline_{LoadedModel("tiny"), WithLoraFolder()};
};

class ResumeWayTest : public ResumeTest, public testing::WithParamInterface<Way> {};

// The rest of the reports, the frames and the checkpoints are those of the whole run, to the last bit.
TEST_P(ResumeWayTest, AtEveryStepGivesTheSameBits) {
  const VideoInput& video = GetParam().video;
  ResumedRun whole;
  ASSERT_NO_FATAL_FAILURE(Make(pipeline_, video, whole));
  const std::vector<Progress> reports = DenoisingOf(whole.progress.reports);
  const std::vector<Checkpoint>& checkpoints = whole.checkpoints.checkpoints;
  for (size_t i = 0; i < checkpoints.size(); ++i) {
    ResumedRun resumed(checkpoints[i].state);
    ASSERT_THAT(resumed.Generate(pipeline_, video), IsOk()) << i;
    EXPECT_THAT(resumed.frames.Bytes(), Eq(whole.frames.Bytes())) << i;
    const std::vector<Progress> rest = DenoisingOf(resumed.progress.reports);
    ASSERT_THAT(rest, Eq(std::vector<Progress>(reports.begin() + i + 1, reports.end()))) << i;
    EXPECT_EQ(rest.front().skipped_steps, reports[i + 1].skipped_steps) << i;
    ASSERT_EQ(resumed.checkpoints.checkpoints.size(), checkpoints.size() - i - 1);
    for (size_t j = i + 1; j < checkpoints.size(); ++j)
      EXPECT_EQ(resumed.checkpoints.checkpoints[j - i - 1].state, checkpoints[j].state) << i << ", " << j;
  }
}

INSTANTIATE_TEST_SUITE_P(Ways, ResumeWayTest, testing::ValuesIn(Ways()),
                         [](const auto& way) { return way.param.name; });

TEST_F(ResumeTest, TeaCacheLeavesStepsOut) {
  VideoInput video = SmallVideo();
  UseTeaCache(video.spec, false);
  ResumedRun whole;
  ASSERT_NO_FATAL_FAILURE(Make(pipeline_, video, whole));
  ResumedRun resumed(whole.checkpoints.checkpoints[3].state);
  ASSERT_THAT(resumed.Generate(pipeline_, video), IsOk());
  const std::vector<Progress> reports = DenoisingOf(resumed.progress.reports);
  EXPECT_EQ(reports.front().done, 4);
  EXPECT_THAT(reports.front().skipped_steps, ElementsAre(3, 4));
}

// Expects that checkpoints of `from`, resumed by `to`, give the video of `from`.
void ExpectToGoOn(RuyiPipeline& from, const VideoInput& saved, RuyiPipeline& to, const VideoInput& resumed_as) {
  ResumedRun whole;
  ASSERT_THAT(whole.Generate(from, saved), IsOk());
  ASSERT_THAT(whole.checkpoints.checkpoints, SizeIs(testing::Ge(2)));
  ResumedRun resumed(whole.checkpoints.checkpoints[1].state);
  ASSERT_THAT(resumed.Generate(to, resumed_as), IsOk());
  EXPECT_THAT(resumed.frames.Bytes(), Eq(whole.frames.Bytes()));
}

TEST_F(ResumeTest, AnyMemoryModeGoesOnFromAnyOther) {
  VideoInput plain = VideoOfSteps(3);
  VideoInput cached = plain;
  UseTeaCache(cached.spec, false);
  VideoInput enhanced = plain;
  enhanced.spec.enhance = EnhanceSettings();
  VideoInput gated = plain;
  UseEasyCache(gated.spec);
  gated.spec.guidance_gate = {.start_ratio = 0.3};
  for (const VideoInput& video : {plain, cached, enhanced, gated}) {
    const std::vector<MemoryMode> modes = pipeline_.costs()->Modes(video.spec);
    ASSERT_THAT(modes, SizeIs(testing::Ge(5)));
    for (size_t i = 0; i < modes.size(); ++i) {
      VideoInput from = video;
      from.placement.prediction.mode = modes[i];
      VideoInput to = video;
      to.placement.prediction.mode = modes[(i + 1) % modes.size()];
      ExpectToGoOn(pipeline_, from, pipeline_, to);
    }
  }
}

// Two devices that are one: what is to be shown is the way of the data.
TEST_F(ResumeTest, OneDeviceGoesOnFromTwoAndBack) {
  RuyiModels models = LoadedModel("tiny");
  models.partner_device = c10::kCPU;
  RuyiPipeline two(std::move(models), SmallOptions());
  VideoInput plain = VideoOfSteps(3);
  VideoInput cached = plain;
  UseTeaCache(cached.spec, false);
  VideoInput gated = plain;
  UseEasyCache(gated.spec);
  gated.spec.guidance_gate = {.start_ratio = 0.3};
  for (const VideoInput& video : {plain, cached, gated}) {
    VideoInput on_one = video;
    on_one.placement.prediction.mode = pipeline_.costs()->Modes(video.spec).front();
    VideoInput on_two = video;
    on_two.placement.prediction.mode = two.costs()->Modes(video.spec).front();
    ExpectToGoOn(two, on_two, pipeline_, on_one);
    ExpectToGoOn(pipeline_, on_one, two, on_two);
    ExpectToGoOn(two, on_two, two, on_two);
  }
}

TEST_F(ResumeTest, InCacheModeToo) {
  RuyiPipeline cache_mode = PipelineOf("tiny-cache");
  ExpectToGoOn(cache_mode, VideoOfSteps(3), cache_mode, VideoOfSteps(3));
}

TEST_F(ResumeTest, AfterTheLastStepGoesStraightToDecoding) {
  ResumedRun whole;
  ASSERT_NO_FATAL_FAILURE(Make(pipeline_, VideoOfSteps(2), whole));
  ResumedRun resumed(whole.checkpoints.checkpoints.back().state);
  ASSERT_THAT(resumed.Generate(pipeline_, VideoOfSteps(2)), IsOk());
  const std::vector<Progress>& reports = resumed.progress.reports;
  ASSERT_THAT(reports, SizeIs(testing::Ge(2)));
  EXPECT_EQ(reports[0], (Progress{Phase::kDenoising, 2, 2}));
  EXPECT_EQ(reports[1], (Progress{Phase::kDecoding, 0, 8}));
  EXPECT_EQ(resumed.checkpoints.asked, 0);
}

TEST_F(ResumeTest, AsksOnceForEachStepAndSavesWhatIsWanted) {
  ResumedRun run;
  run.checkpoints = RecordingCheckpoints([](int asked) { return asked == 2; });
  ASSERT_THAT(run.Generate(pipeline_, VideoOfSteps(3)), IsOk());
  EXPECT_EQ(run.checkpoints.asked, 3);
  ASSERT_THAT(run.checkpoints.checkpoints, SizeIs(1));
  EXPECT_EQ(run.checkpoints.checkpoints[0].step, 2);
}

TEST_F(ResumeTest, CheckpointsChangeNoFrame) {
  ResumedRun run;
  ASSERT_THAT(run.Generate(pipeline_, VideoOfSteps(3)), IsOk());
  EXPECT_THAT(run.frames.Bytes(), Eq(VideoOf(pipeline_, VideoOfSteps(3))));
}

// Whatever its code: none of these says anything of the device.
TEST_F(ResumeTest, ReturnsTheErrorOfTheCheckpointSinkAsItIs) {
  VideoInput video = VideoOfSteps(3);
  video.placement.fallbacks = {video.placement.prediction};
  for (const absl::Status& error :
       {absl::ResourceExhaustedError("the disk is full"), absl::InternalError("broken"), absl::AbortedError("back"),
        WithErrorInfo(absl::UnavailableError("handed back"), {.reason = "WORKER_DRAINING"})}) {
    ResumedRun run;
    run.checkpoints.error = error;
    EXPECT_EQ(run.Generate(pipeline_, video).status(), error);
    EXPECT_EQ(run.checkpoints.asked, 1);
    EXPECT_THAT(run.progress.retries, IsEmpty());
    EXPECT_THAT(run.frames.frames, IsEmpty());
  }
}

// Runs out of memory at the first report of decoding.
TEST_F(ResumeTest, ARetryBeginsWhereTheRunBegan) {
  VideoInput video = VideoOfSteps(3);
  for (const MemoryMode& mode : pipeline_.costs()->Modes(video.spec))
    video.placement.fallbacks.push_back(pipeline_.costs()->Predict(video.spec, mode));
  video.placement.prediction = video.placement.fallbacks.front();
  video.placement.fallbacks.erase(video.placement.fallbacks.begin());
  ResumedRun whole;
  ASSERT_NO_FATAL_FAILURE(Make(pipeline_, video, whole));
  ResumedRun resumed(whole.checkpoints.checkpoints[0].state);
  bool has_thrown = false;
  resumed.progress = RecordingProgress([&](size_t) {
    if (resumed.progress.reports.back().phase == Phase::kDecoding && !std::exchange(has_thrown, true))
      throw std::bad_alloc();
  });
  ASSERT_THAT(resumed.Generate(pipeline_, video), IsOk());
  EXPECT_THAT(resumed.progress.retries, SizeIs(1));
  EXPECT_THAT(resumed.frames.Bytes(), Eq(whole.frames.Bytes()));
  std::vector<int> done;
  for (const Progress& report : DenoisingOf(resumed.progress.reports))
    done.push_back(report.done);
  EXPECT_THAT(done, ElementsAre(1, 2, 3, 1, 2, 3));
}

}  // namespace
}  // namespace ruyi
