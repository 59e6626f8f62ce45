// Tests options that change the weights or leave out work, one by one and together, on one pipeline whose weights must
// stay as they are.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <vector>

#include "core/base/error_reasons.h"
#include "core/pipeline/ruyi/ruyi_pipeline.h"
#include "tests/core/pipeline/model_copy.h"
#include "tests/core/pipeline/recording_sinks.h"
#include "tests/core/pipeline/small_pipeline.h"
#include "tests/core/pipeline/small_video.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_folder.h"

namespace ruyi {
namespace {

using testing::ElementsAre;
using testing::Eq;
using testing::Ne;

const std::filesystem::path kLoras = std::filesystem::path(RUYI_SOURCE_DIR) / "tests" / "golden" / "lora";
constexpr char kFirst[] = "rank4_alpha2";
constexpr char kSecond[] = "rank3_noalpha";

RuyiPipelineOptions WithLoraFolder() {
  RuyiPipelineOptions options = SmallOptions();
  options.lora_folder = kLoras;
  return options;
}

class RequestOptionsTest : public testing::Test {
 protected:
  static std::vector<uint8_t> VideoOf(RuyiPipeline& pipeline, const VideoInput& input) {
    return ruyi::VideoOf(pipeline, input);
  }
  std::vector<uint8_t> VideoOf(const VideoInput& input) { return VideoOf(pipeline_, input); }

  RuyiPipeline pipeline_{LoadedModel("tiny"), WithLoraFolder()};
};

VideoInput WithLoras(std::vector<LoraSettings> loras) {
  VideoInput input = SmallVideo();
  input.spec.loras = std::move(loras);
  return input;
}

VideoInput WithFp8(Fp8Mode mode, Fp8Type type = Fp8Type::kE4m3fn) {
  VideoInput input = SmallVideo();
  input.spec.fp8 = {.mode = mode, .type = type};
  return input;
}

TEST_F(RequestOptionsTest, ListsTheLorasOfItsFolder) {
  EXPECT_THAT(pipeline_.loras()->Names(), ElementsAre(kSecond, kFirst));
  ASSERT_OK_AND_ASSIGN(const LoraFacts facts, pipeline_.loras()->Check(kFirst));
  EXPECT_GT(facts.device_bytes, 0);
}

TEST_F(RequestOptionsTest, RequestsInARowGiveWhatEachGivesAlone) {
  const std::vector<VideoInput> inputs = {SmallVideo(), WithLoras({{kFirst, 0.8}}), WithLoras({{kSecond, -0.5}}),
                                          WithFp8(Fp8Mode::kExtreme), WithFp8(Fp8Mode::kExtreme, Fp8Type::kE5m2)};
  std::vector<std::vector<uint8_t>> alone;
  for (const VideoInput& input : inputs) {
    RuyiPipeline fresh(LoadedModel("tiny"), WithLoraFolder());
    alone.push_back(VideoOf(fresh, input));
    for (size_t i = 0; i + 1 < alone.size(); ++i)
      EXPECT_THAT(alone.back(), Ne(alone[i]));
  }
  for (const size_t i : {0, 1, 2, 1, 3, 0, 4})
    EXPECT_THAT(VideoOf(inputs[i]), Eq(alone[i])) << i;
}

TEST_F(RequestOptionsTest, ALoraWithoutStrengthChangesNothing) {
  EXPECT_THAT(VideoOf(WithLoras({{kFirst, 0.0}})), Eq(VideoOf(SmallVideo())));
}

TEST_F(RequestOptionsTest, LorasAddUp) {
  const std::vector<uint8_t> both = VideoOf(WithLoras({{kFirst, 0.8}, {kSecond, -0.5}}));
  EXPECT_THAT(both, Ne(VideoOf(WithLoras({{kFirst, 0.8}}))));
  EXPECT_THAT(VideoOf(WithLoras({{kFirst, 0.8}, {kFirst, -0.8}, {kSecond, -0.5}})).size(), Eq(both.size()));
}

TEST_F(RequestOptionsTest, ALoraThatHasGoneIsAnErrorOfTheJob) {
  RecordingProgress progress;
  RecordingFrames frames;
  EXPECT_THAT(Generate(pipeline_, WithLoras({{"gone", 1.0}}), progress, frames),
              StatusIs(absl::StatusCode::kFailedPrecondition, testing::HasSubstr("no LoRA 'gone'")));
}

// The small layers of this model stay as they are in the modes that take large ones.
TEST_F(RequestOptionsTest, LiteAndStrongTakeLargeLayersOnly) {
  const std::vector<uint8_t> video = VideoOf(SmallVideo());
  EXPECT_THAT(VideoOf(WithFp8(Fp8Mode::kLite)), Eq(video));
  EXPECT_THAT(VideoOf(WithFp8(Fp8Mode::kStrong)), Eq(video));
}

TEST_F(RequestOptionsTest, WeightsLoadedInEightBitsGiveTheVideoOfARequestForThem) {
  for (const Fp8Type type : {Fp8Type::kE4m3fn, Fp8Type::kE5m2}) {
    const Fp8Settings settings = {.mode = Fp8Mode::kExtreme, .type = type};
    ASSERT_OK_AND_ASSIGN(const RuyiModels models, LoadRuyiModels(GoldenModel("tiny"), {}, settings));
    RuyiPipeline loaded(models, WithLoraFolder());
    ASSERT_THAT(loaded.WarmUp(), IsOk());
    VideoInput input = WithFp8(settings.mode, settings.type);
    EXPECT_THAT(VideoOf(loaded, input), Eq(VideoOf(input)));
    input.spec.loras = {{kFirst, 0.8}};
    EXPECT_THAT(VideoOf(loaded, input), Eq(VideoOf(input)));
  }
}

int64_t BytesOf(const Dit& dit) {
  int64_t bytes = 0;
  for (const auto& [name, parameter] : dit.parameters())
    bytes += static_cast<int64_t>(parameter.nbytes());
  return bytes;
}

TEST_F(RequestOptionsTest, WeightsInEightBitsTakeAQuarterOfFloat32) {
  ASSERT_OK_AND_ASSIGN(const RuyiModels eight_bits,
                       LoadRuyiModels(GoldenModel("tiny"), {}, {.mode = Fp8Mode::kExtreme}));
  EXPECT_LT(BytesOf(eight_bits.dit), BytesOf(LoadedModel("tiny").dit) * 0.35);
}

TEST_F(RequestOptionsTest, ReportsTheStepsThatTeaCacheLeavesOut) {
  VideoInput input = SmallVideo();
  input.spec.steps = 6;
  input.spec.tea_cache = {.threshold = 1.0, .skip_start_steps = 2, .skip_end_steps = 1};
  RecordingProgress progress;
  RecordingFrames frames;
  ASSERT_THAT(Generate(pipeline_, input, progress, frames), IsOk());
  std::vector<std::vector<int>> skipped;
  for (const Progress& report : progress.reports) {
    if (report.phase == Phase::kDenoising)
      skipped.push_back(report.skipped_steps);
  }
  ASSERT_EQ(skipped.size(), 7);
  EXPECT_THAT(skipped[2], ElementsAre());
  EXPECT_THAT(skipped[3], ElementsAre(3));
  EXPECT_THAT(skipped[6], ElementsAre(3, 4, 5));
}

TEST_F(RequestOptionsTest, TilingIsOnWhereTheRequestOrTheConfigurationSaysSo) {
  for (const bool configured : {false, true}) {
    const ModelCopy model("tiny");
    model.Configure("vae/config.json", {{"tile_sample_min_size", 16}, {"use_tiling", configured}});
    RuyiPipeline pipeline(*model.Load(), SmallOptions());
    VideoInput input = SmallVideo();
    const std::vector<uint8_t> as_configured = VideoOf(pipeline, input);
    input.spec.vae_tiling = configured;
    EXPECT_THAT(VideoOf(pipeline, input), Eq(as_configured));
    input.spec.vae_tiling = !configured;
    EXPECT_THAT(VideoOf(pipeline, input), Ne(as_configured));
  }
}

TEST_F(RequestOptionsTest, WeightsThatWereLoadedIn8BitsMakeNoOtherVideo) {
  const RuyiModelOptions model = {.folder = GoldenModel("tiny"),
                                  .devices = {c10::Device(c10::kCPU)},
                                  .dtype = c10::kFloat,
                                  .fp8 = {.mode = Fp8Mode::kExtreme}};
  ASSERT_OK_AND_ASSIGN(const std::unique_ptr<RuyiPipeline> pipeline, RuyiPipeline::Load(model, WithLoraFolder()));
  EXPECT_THAT(VideoOf(*pipeline, WithFp8(Fp8Mode::kExtreme)), Eq(VideoOf(WithFp8(Fp8Mode::kExtreme))));
  for (const VideoInput& other : {SmallVideo(), WithFp8(Fp8Mode::kLite), WithFp8(Fp8Mode::kExtreme, Fp8Type::kE5m2)}) {
    RecordingProgress progress;
    RecordingFrames frames;
    const absl::Status status = Generate(*pipeline, other, progress, frames).status();
    EXPECT_THAT(status, StatusIs(absl::StatusCode::kUnimplemented));
    EXPECT_THAT(status, HasReason(reason::kFeatureNotBuilt));
  }
}

TEST_F(RequestOptionsTest, OptionsCombine) {
  VideoInput input = WithLoras({{kFirst, 0.8}, {kSecond, 0.5}});
  input.SetEnd({NoisyImage(input.spec.size, 2)});
  input.spec.steps = 6;
  input.spec.fp8 = {.mode = Fp8Mode::kExtreme};
  input.spec.tea_cache = {.threshold = 1.0, .skip_start_steps = 2, .skip_end_steps = 1, .offload = true};
  input.spec.enhance = EnhanceSettings();
  input.spec.guidance_rescale = 0.5;
  const std::vector<uint8_t> video = VideoOf(input);
  EXPECT_THAT(VideoOf(input), Eq(video));
  const std::vector<std::function<void(VideoInput&)>> without = {
      [](VideoInput& v) { v.spec.loras.pop_back(); }, [](VideoInput& v) { v.SetEnd({}); },
      [](VideoInput& v) { v.spec.fp8 = {}; },         [](VideoInput& v) { v.spec.tea_cache.reset(); },
      [](VideoInput& v) { v.spec.enhance.reset(); },  [](VideoInput& v) { v.spec.guidance_rescale = 0; },
  };
  for (const auto& take_out : without) {
    VideoInput other = input;
    take_out(other);
    EXPECT_THAT(VideoOf(other), Ne(video));
  }
}

}  // namespace
}  // namespace ruyi
