#include "core/pipeline/ruyi/ruyi_pipeline.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/TensorBody.h>
#include <ATen/ops/neg.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <functional>
#include <utility>

#include "core/tensor/random_streams.h"
#include "tests/core/pipeline/model_copy.h"
#include "tests/core/pipeline/recording_sinks.h"
#include "tests/core/pipeline/small_pipeline.h"
#include "tests/core/pipeline/small_video.h"
#include "tests/core/pipeline/stage_run.h"
#include "tests/support/fake_clock.h"
#include "tests/support/status_matchers.h"

namespace ruyi {
namespace {

using testing::Eq;
using testing::Ne;

std::vector<Progress> ReportsOf(RuyiPipeline& pipeline, const VideoInput& input) {
  RecordingProgress progress;
  RecordingFrames frames;
  EXPECT_THAT(Generate(pipeline, input, progress, frames), IsOk());
  return progress.reports;
}

class RuyiPipelineTest : public testing::TestWithParam<const char*> {
 protected:
  RuyiPipeline pipeline_ = PipelineOf(GetParam());
};

TEST_P(RuyiPipelineTest, GivesEveryFrameInTheSpecsSize) {
  VideoInput input = SmallVideo(16);
  input.spec.size = {.width = 48, .height = 32};
  input.spec.latents.width = 6;
  input.SetPictures({NoisyImage(input.spec.size)}, {});
  const std::vector<RgbImage> frames = FramesOf(pipeline_, input).frames;
  ASSERT_EQ(frames.size(), 16);
  for (const RgbImage& frame : frames) {
    EXPECT_EQ(frame.width, 48);
    EXPECT_EQ(frame.height, 32);
    EXPECT_EQ(frame.pixels.size(), 48 * 32 * 3);
  }
  EXPECT_NE(frames.front().pixels, frames.back().pixels);
}

TEST_P(RuyiPipelineTest, ASeedGivesOneVideo) {
  const VideoInput input = SmallVideo();
  VideoInput other = input;
  other.spec.seed = 43;
  const std::vector<uint8_t> first = VideoOf(pipeline_, input);
  EXPECT_THAT(VideoOf(pipeline_, other), Ne(first));
  EXPECT_THAT(VideoOf(pipeline_, input), Eq(first));  // whatever ran before
}

TEST_P(RuyiPipelineTest, EveryPartOfTheSpecCounts) {
  const std::vector<uint8_t> video = VideoOf(pipeline_, SmallVideo());
  const std::vector<std::function<void(VideoInput&)>> changes = {
      [](VideoInput& input) { input.SetPictures({NoisyImage(input.spec.size, 2)}, {}); },
      [](VideoInput& input) { input.SetEnd({NoisyImage(input.spec.size, 2)}); },
      [](VideoInput& input) { input.spec.motion = 2, input.spec.camera = Camera::kLeft; },
      [](VideoInput& input) { input.spec.steps = 2; },
      [](VideoInput& input) { input.spec.guidance_scale = 4.0; },
      [](VideoInput& input) { input.spec.guidance_rescale = 1.0; },
      [](VideoInput& input) { input.spec.clip_apply_ratio = 1.0; },
      [](VideoInput& input) { input.spec.fp8 = {.mode = Fp8Mode::kExtreme}; },
      [](VideoInput& input) { input.spec.enhance = EnhanceSettings(); },
  };
  for (const auto& change : changes) {
    VideoInput input = SmallVideo();
    change(input);
    EXPECT_THAT(VideoOf(pipeline_, input), Ne(video));
  }
}

TEST_P(RuyiPipelineTest, TakesSeveralEndPicturesInTheirOrder) {
  VideoInput input = SmallVideo(16);
  const PixelSize size = input.spec.size;
  input.SetEnd({NoisyImage(size, 2), NoisyImage(size, 3), NoisyImage(size, 4)});
  const std::vector<uint8_t> video = VideoOf(pipeline_, input);
  EXPECT_EQ(video.size(), size_t{16} * 32 * 32 * 3);
  std::swap(input.pictures[1], input.pictures[3]);
  EXPECT_THAT(VideoOf(pipeline_, input), Ne(video));
}

// At a scale of just above 1 both predictions are computed and the one without the condition counts for nothing.
TEST_P(RuyiPipelineTest, GuidanceOfOneIsThePredictionWithTheConditionAlone) {
  VideoInput input = SmallVideo();
  input.spec.guidance_scale = 1.0;
  const std::vector<uint8_t> alone = VideoOf(pipeline_, input);
  input.spec.guidance_scale = 1.0 + 1e-9;
  const std::vector<uint8_t> both = VideoOf(pipeline_, input);
  ASSERT_EQ(alone.size(), both.size());
  for (size_t i = 0; i < alone.size(); ++i)
    ASSERT_LE(std::abs(alone[i] - both[i]), 1) << i;
}

TEST_P(RuyiPipelineTest, GuidanceOfOneNeedsNoNegativePrompt) {
  const ModelCopy model(GetParam());
  const std::filesystem::path file = model.path() / "embeddings.safetensors";
  NamedTensors prompts = ReadTensors(file);
  prompts.at("n.default.emb1") = prompts.at("n.default.emb1").to(at::kFloat).neg();
  WriteTensors(file, prompts);
  RuyiPipeline changed(*model.Load(), SmallOptions());
  VideoInput input = SmallVideo();
  EXPECT_THAT(VideoOf(changed, input), Ne(VideoOf(pipeline_, input)));
  input.spec.guidance_scale = 1.0;
  EXPECT_THAT(VideoOf(changed, input), Eq(VideoOf(pipeline_, input)));
}

TEST_P(RuyiPipelineTest, WarmsUp) {
  EXPECT_THAT(pipeline_.WarmUp(), IsOk());
  EXPECT_EQ(pipeline_.costs()->facts().geometry.frames_per_chunk, 8);
}

TEST_P(RuyiPipelineTest, WarmingUpChangesNoVideo) {
  const std::vector<uint8_t> before = VideoOf(pipeline_, SmallVideo());
  ASSERT_THAT(pipeline_.WarmUp(), IsOk());
  EXPECT_THAT(VideoOf(pipeline_, SmallVideo()), Eq(before));
}

std::vector<Progress> ConditioningAndDenoising(int chunks, int steps) {
  std::vector<Progress> reports;
  for (int i = 0; i <= chunks; ++i)
    reports.push_back({Phase::kConditioning, i, chunks});
  for (int i = 0; i <= steps; ++i)
    reports.push_back({Phase::kDenoising, i, steps});
  return reports;
}

TEST(RuyiPipelineProgress, CountsChunksStepsAndFrames) {
  RuyiPipeline pipeline = PipelineOf("tiny");
  VideoInput input = SmallVideo(24);
  input.spec.steps = 2;
  std::vector<Progress> expected = ConditioningAndDenoising(4, 2);
  for (const int done : {0, 4, 12, 20, 24})
    expected.push_back({Phase::kDecoding, done, 24});
  EXPECT_EQ(ReportsOf(pipeline, input), expected);
}

TEST(RuyiPipelineProgress, CountsWholeChunksOfFramesInCacheMode) {
  RuyiPipeline pipeline = PipelineOf("tiny-cache");
  std::vector<Progress> expected = ConditioningAndDenoising(4, 1);
  for (const int done : {0, 8, 16, 24})
    expected.push_back({Phase::kDecoding, done, 24});
  EXPECT_EQ(ReportsOf(pipeline, SmallVideo(24)), expected);
}

// Frames are copied from the device while the next ones are decoded.
TEST(RuyiPipelineProgress, GivesFramesWhenTheNextOnesAreDecoded) {
  RuyiPipeline pipeline = PipelineOf("tiny");
  RecordingFrames frames;
  std::vector<size_t> given;
  RecordingProgress progress([&](size_t) { given.push_back(frames.frames.size()); });
  ASSERT_THAT(Generate(pipeline, SmallVideo(16), progress, frames), IsOk());
  for (size_t i = 1; i < given.size(); ++i) {
    const Progress& before = progress.reports[i - 1];
    EXPECT_EQ(given[i], before.phase == Phase::kDecoding ? before.done : 0);
  }
  EXPECT_EQ(frames.frames.size(), 16);
}

// A run that is cancelled at its report number `at`, counted from 1.
struct CancelledRun {
  explicit CancelledRun(RuyiPipeline& pipeline, size_t at)
      : progress([this, at](size_t count) {
          if (count != at)
            return;
          source.Cancel(absl::CancelledError("enough"));
          frames_before = frames.frames.size();
        }) {
    status = Generate(pipeline, SmallVideo(16), progress, frames, source.token()).status();
  }

  CancellationSource source;
  RecordingFrames frames;
  RecordingProgress progress;
  size_t frames_before = 0;
  absl::Status status;
};

TEST_P(RuyiPipelineTest, StopsAtTheNextBoundaryWhereverItIsCancelled) {
  const std::vector<Progress> reports = ReportsOf(pipeline_, SmallVideo(16));
  for (size_t at = 1; at < reports.size(); ++at) {
    const CancelledRun run(pipeline_, at);
    EXPECT_THAT(run.status, StatusIs(absl::StatusCode::kCancelled, "enough")) << at;
    EXPECT_EQ(run.frames.frames.size(), run.frames_before) << at;
    for (size_t i = at; i < run.progress.reports.size(); ++i)
      EXPECT_EQ(run.progress.reports[i].done, 0) << "after report " << at;  // only the beginning of a phase
  }
}

TEST_P(RuyiPipelineTest, CancellingAfterTheLastFrameIsTooLate) {
  const std::vector<Progress> reports = ReportsOf(pipeline_, SmallVideo(16));
  const CancelledRun run(pipeline_, reports.size());
  EXPECT_THAT(run.status, IsOk());
  EXPECT_EQ(run.frames.frames.size(), 16);
}

TEST_P(RuyiPipelineTest, ARunAfterACancelledOneIsWhole) {
  const std::vector<uint8_t> whole = VideoOf(pipeline_, SmallVideo(16));
  for (const size_t at : {2, 6, 8})
    CancelledRun(pipeline_, at);
  EXPECT_THAT(VideoOf(pipeline_, SmallVideo(16)), Eq(whole));
}

TEST_P(RuyiPipelineTest, StopsWhenItsTimeIsUp) {
  FakeClock clock;
  const CancellationSource source(clock.Elapsed() + absl::Seconds(10), clock);
  RecordingFrames frames;
  RecordingProgress progress([&](size_t count) {
    if (count == 5)
      clock.Advance(absl::Seconds(11));
  });
  EXPECT_THAT(Generate(pipeline_, SmallVideo(16), progress, frames, source.token()),
              StatusIs(absl::StatusCode::kDeadlineExceeded));
  EXPECT_TRUE(frames.frames.empty());
}

TEST_P(RuyiPipelineTest, ReturnsTheErrorOfTheFrameSink) {
  for (const size_t at : {0, 1, 5, 15}) {
    RecordingProgress progress;
    RecordingFrames frames(at, absl::UnavailableError("the encoder is gone"));
    EXPECT_THAT(Generate(pipeline_, SmallVideo(16), progress, frames),
                StatusIs(absl::StatusCode::kUnavailable, "the encoder is gone"));
    EXPECT_EQ(frames.frames.size(), at + 1);
  }
}

TEST_P(RuyiPipelineTest, ReturnsTheErrorOfTheSampler) {
  VideoInput input = SmallVideo();
  input.spec.steps = 1001;
  RecordingProgress progress;
  RecordingFrames frames;
  EXPECT_THAT(Generate(pipeline_, input, progress, frames), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_P(RuyiPipelineTest, AFaultOfTheLibrariesBelowIsInternal) {
  VideoInput input = SmallVideo();
  input.spec.latents.width = 5;  // not that of the pictures
  RecordingProgress progress;
  RecordingFrames frames;
  EXPECT_THAT(Generate(pipeline_, input, progress, frames), StatusIs(absl::StatusCode::kInternal));
}

// Fails for one purpose.
class FailingNoise final : public NoiseSource {
 public:
  explicit FailingNoise(NoisePurpose purpose) : purpose_(purpose) {}

  absl::StatusOr<at::Tensor> Normal(NoisePurpose purpose, at::IntArrayRef shape) override {
    if (purpose == purpose_)
      return absl::DataLossError("no noise");
    return random_.Normal(purpose, shape);
  }

 private:
  NoisePurpose purpose_;
  RandomStreams random_{1};
};

TEST_P(RuyiPipelineTest, ReturnsTheErrorOfTheNoise) {
  for (const NoisePurpose purpose :
       {NoisePurpose::kInitialLatents, NoisePurpose::kMaskPosterior, NoisePurpose::kImagePosterior}) {
    StageRun run(SmallVideo());
    FailingNoise noise(purpose);
    RunContext context = {.control = run.control, .noise = noise, .observer = run.observer};
    EXPECT_THAT(pipeline_.Run(SmallVideo().spec, {}, context), StatusIs(absl::StatusCode::kDataLoss, "no noise"));
    EXPECT_TRUE(run.frames.frames.empty());
  }
}

TEST_P(RuyiPipelineTest, ShowsEveryStageToItsObserver) {
  int clips = 0;
  int steps = 0;
  int64_t frames_seen = 0;
  const RunObserver observer = {.on_clip = [&](const ConditioningClip&) { ++clips; },
                                .on_latents =
                                    [&](const at::Tensor& latents) {
                                      ++steps;
                                      EXPECT_EQ(latents.sizes(), (std::vector<int64_t>{1, 16, 4, 4, 4}));
                                    },
                                .on_frames = [&](const at::Tensor& frames) { frames_seen += frames.size(1); }};
  VideoInput input = SmallVideo(16);
  input.spec.steps = 2;
  StageRun run(input, {}, observer);
  ASSERT_THAT(pipeline_.Run(input.spec, {}, run.context), IsOk());
  EXPECT_EQ(clips, 1);
  EXPECT_EQ(steps, 2);
  EXPECT_EQ(frames_seen, 16);
}

std::string ModeOf(const testing::TestParamInfo<const char*>& model) {
  return std::string(model.param) == "tiny" ? "SliceMode" : "CacheMode";
}

INSTANTIATE_TEST_SUITE_P(Models, RuyiPipelineTest, testing::Values("tiny", "tiny-cache"), ModeOf);

}  // namespace
}  // namespace ruyi
