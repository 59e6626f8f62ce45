// Tests checkpoints that a run must not go on from: those of another run, and damaged ones.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "tests/core/pipeline/resume_run.h"
#include "tests/core/pipeline/small_pipeline.h"
#include "tests/core/pipeline/small_video.h"
#include "tests/support/status_matchers.h"

namespace ruyi {
namespace {

using testing::AnyOf;
using testing::HasSubstr;
using testing::IsEmpty;

VideoInput VideoOfTwoSteps() {
  VideoInput video = SmallVideo();
  video.spec.steps = 2;
  return video;
}

class CheckpointDamageTest : public testing::Test {
 protected:
  static std::vector<Checkpoint> CheckpointsOf(RuyiPipeline& pipeline, const VideoInput& video) {
    ResumedRun run;
    EXPECT_THAT(run.Generate(pipeline, video), IsOk());
    return run.checkpoints.checkpoints;
  }

  // Returns how a run ends that goes on from `state`. One that is not refused is cancelled before it computes anything.
  static absl::Status EndFrom(const std::string& state, RuyiPipeline& pipeline, const VideoInput& video) {
    ResumedRun run(state);
    run.source.Cancel(absl::CancelledError("it went on"));
    const absl::Status status = run.Generate(pipeline, video).status();
    EXPECT_THAT(run.frames.frames, IsEmpty());
    return status;
  }

  RuyiPipeline pipeline_ = PipelineOf("tiny");
  const VideoInput video_ = VideoOfTwoSteps();
};

constexpr absl::StatusCode kLost = absl::StatusCode::kDataLoss;

TEST_F(CheckpointDamageTest, OfAnotherSpecIsNamed) {
  const std::vector<std::pair<std::string, std::function<void(VideoSpec&)>>> changes = {
      {"start_pictures", [](VideoSpec& spec) { spec.start_pictures[0].pixels_sha256 = "ab"; }},
      {"end_pictures", [](VideoSpec& spec) { spec.end_pictures.emplace_back(); }},
      {"size", [](VideoSpec& spec) { spec.size.width = 48; }},
      {"frame_count", [](VideoSpec& spec) { spec.frame_count = 16; }},
      {"latents", [](VideoSpec& spec) { spec.latents.width = 6; }},
      {"camera", [](VideoSpec& spec) { spec.camera = Camera::kUp; }},
      {"motion", [](VideoSpec& spec) { spec.motion = 2; }},
      {"sampler", [](VideoSpec& spec) { spec.sampler = SamplerKind::kEuler; }},
      {"steps", [](VideoSpec& spec) { spec.steps = 3; }},
      {"guidance", [](VideoSpec& spec) { spec.guidance_scale = 2.5; }},
      {"guidance", [](VideoSpec& spec) { spec.guidance_rescale = 0.5; }},
      {"clip_apply_ratio", [](VideoSpec& spec) { spec.clip_apply_ratio = 0.5; }},
      {"seed", [](VideoSpec& spec) { spec.seed = 43; }},
      {"fp8", [](VideoSpec& spec) { spec.fp8.mode = Fp8Mode::kExtreme; }},
      {"fp8", [](VideoSpec& spec) { spec.fp8 = {.mode = Fp8Mode::kExtreme, .arithmetic = Fp8Arithmetic::kScaled}; }},
      {"tea_cache", [](VideoSpec& spec) { spec.tea_cache = TeaCacheSettings(); }},
      {"easy_cache", [](VideoSpec& spec) { spec.easy_cache = EasyCacheSettings(); }},
      {"guidance_gate", [](VideoSpec& spec) { spec.guidance_gate = GuidanceGateSettings(); }},
      {"enhance", [](VideoSpec& spec) { spec.enhance = EnhanceSettings(); }},
      {"tiles", [](VideoSpec& spec) { spec.vae_tiling = true; }},
  };
  const std::string state = CheckpointsOf(pipeline_, video_)[0].state;
  for (const auto& [name, change] : changes) {
    VideoInput other = video_;
    change(other.spec);
    EXPECT_THAT(EndFrom(state, pipeline_, other), StatusIs(kLost, HasSubstr(name))) << name;
  }
}

TEST_F(CheckpointDamageTest, WithLessOrOtherLorasIsOfAnotherSpec) {
  RuyiPipelineOptions options = SmallOptions();
  options.lora_folder = std::filesystem::path(RUYI_SOURCE_DIR) / "tests" / "golden" / "lora";
  RuyiPipeline pipeline = PipelineOf("tiny", options);
  VideoInput video = video_;
  video.spec.loras = {{.name = "rank4_alpha2", .strength = 0.8}};
  const std::string state = CheckpointsOf(pipeline, video)[0].state;
  EXPECT_THAT(EndFrom(state, pipeline, video), StatusIs(absl::StatusCode::kCancelled));
  EXPECT_THAT(EndFrom(state, pipeline, video_), StatusIs(kLost));
  for (const LoraSettings& lora : {LoraSettings{.name = "rank4_alpha2", .strength = 0.7},
                                   LoraSettings{.name = "rank3_noalpha", .strength = 0.8}}) {
    video.spec.loras = {lora};
    EXPECT_THAT(EndFrom(state, pipeline, video), StatusIs(kLost, HasSubstr("loras.0")));
  }
}

TEST_F(CheckpointDamageTest, OfAnotherModelOrTypeIsNamed) {
  const std::string state = CheckpointsOf(pipeline_, video_)[0].state;
  RuyiPipeline other = PipelineOf("tiny-cache");
  EXPECT_THAT(EndFrom(state, other, video_), StatusIs(kLost, HasSubstr("model.autoencoder")));
  ASSERT_OK_AND_ASSIGN(RuyiModels models, LoadRuyiModels(GoldenModel("tiny"), {.dtype = at::kBFloat16}));
  RuyiPipeline other_type(std::move(models), SmallOptions());
  EXPECT_THAT(EndFrom(state, other_type, video_), StatusIs(kLost, HasSubstr("model.dtype")));
}

// Settings that change no frame may change on the way.
TEST_F(CheckpointDamageTest, OfTheSameFramesIsTaken) {
  VideoInput video = video_;
  video.spec.tea_cache = {.threshold = 0.1, .offload = true};
  const std::string state = CheckpointsOf(pipeline_, video)[0].state;
  VideoInput other = video;
  other.spec.start_pictures[0].source_sha256 = "ab";
  other.spec.frames_per_second = 12;
  other.spec.fp8.type = Fp8Type::kE5m2;
  other.spec.tea_cache->offload = false;
  other.spec.vae_tiling = false;
  other.spec.memory.resident_blocks = 1;
  other.spec.execution_timeout = absl::Hours(1);
  other.spec.encoding.crf = 30;
  other.spec.preview = PreviewSettings();
  EXPECT_THAT(EndFrom(state, pipeline_, other), StatusIs(absl::StatusCode::kCancelled, "it went on"));
}

// The state of a run whose steps are all done: it is restored as a whole, and cancelled before it is decoded.
TEST_F(CheckpointDamageTest, CutOffAnywhereIsDataLoss) {
  const std::string state = CheckpointsOf(pipeline_, video_).back().state;
  ASSERT_THAT(EndFrom(state, pipeline_, video_), StatusIs(absl::StatusCode::kCancelled));
  for (size_t size = 1; size < state.size(); size += 1 + size / 20)
    EXPECT_THAT(EndFrom(state.substr(0, size), pipeline_, video_), StatusIs(kLost)) << size;
  EXPECT_THAT(EndFrom(state.substr(0, state.size() - 1), pipeline_, video_), StatusIs(kLost));
  EXPECT_THAT(EndFrom(state + "x", pipeline_, video_), StatusIs(kLost));
}

// Numbers of the latents cannot be told from others; everything else is noticed, and nothing breaks.
TEST_F(CheckpointDamageTest, FlippedAnywhereIsDataLossOrNotNoticed) {
  constexpr size_t kStride = 41;
  const std::string state = CheckpointsOf(pipeline_, video_).back().state;
  int lost = 0;
  for (size_t at = 0; at < state.size(); at += kStride) {
    std::string damaged = state;
    damaged[at] = static_cast<char>(damaged[at] ^ (1 << (at % 8)));
    const absl::Status end = EndFrom(damaged, pipeline_, video_);
    EXPECT_THAT(end, AnyOf(StatusIs(kLost), StatusIs(absl::StatusCode::kCancelled))) << at;
    lost += absl::IsDataLoss(end) ? 1 : 0;
  }
  EXPECT_GT(lost, 10);
}

}  // namespace
}  // namespace ruyi
