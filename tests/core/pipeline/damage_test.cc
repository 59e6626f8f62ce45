// Tests what happens to a video when its numbers overflow, and when files change under a pipeline that uses them.
#include <ATen/core/TensorBody.h>
#include <ATen/ops/zeros.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>

#include "core/base/error_reasons.h"
#include "core/pipeline/ruyi/ruyi_pipeline.h"
#include "core/weights/file_bytes.h"
#include "tests/core/pipeline/model_copy.h"
#include "tests/core/pipeline/recording_sinks.h"
#include "tests/core/pipeline/small_pipeline.h"
#include "tests/core/pipeline/small_video.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_folder.h"

namespace ruyi {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr char kTransformer[] = "transformer/diffusion_pytorch_model.safetensors";
constexpr char kVae[] = "vae/diffusion_pytorch_model.safetensors";

// The end of a video of `models`, and the frames that came before it.
struct Outcome {
  absl::Status status;
  RecordingFrames frames;
};

Outcome OutcomeOf(RuyiPipeline& pipeline, const VideoInput& video = SmallVideo()) {
  RecordingProgress progress;
  Outcome outcome;
  outcome.status = Generate(pipeline, video, progress, outcome.frames).status();
  return outcome;
}

// Generates with a model whose weights `name` of `file` are as large as float32 allows: they are finite, but their
// products are not.
Outcome GenerateWithLarge(const std::string& file, const std::string& name) {
  const ModelCopy model("tiny");
  NamedTensors weights = ReadTensors(model.path() / file);
  weights.at(name).fill_(3e38);
  WriteTensors(model.path() / file, weights);
  absl::StatusOr<RuyiModels> models = model.Load();
  EXPECT_THAT(models, IsOk());
  RuyiPipeline pipeline(*std::move(models), SmallOptions());
  return OutcomeOf(pipeline);
}

TEST(Overflow, InTheTransformerEndsTheVideoWithoutAFrame) {
  const Outcome outcome = GenerateWithLarge(kTransformer, "proj_out.weight");
  EXPECT_THAT(outcome.status, StatusIs(absl::StatusCode::kInternal,
                                       AllOf(HasSubstr("denoising gave latents"), HasSubstr("guidance_scale"))));
  EXPECT_THAT(outcome.status, HasReason(reason::kNotFinite));
  EXPECT_THAT(outcome.frames.frames, IsEmpty());
}

TEST(Overflow, InTheDecoderEndsTheVideoWithoutAFrame) {
  const Outcome outcome = GenerateWithLarge(kVae, "decoder.conv_out.weight");
  EXPECT_THAT(outcome.status, StatusIs(absl::StatusCode::kInternal, HasSubstr("decoding gave frames")));
  EXPECT_THAT(outcome.status, HasReason(reason::kNotFinite));
  EXPECT_THAT(outcome.frames.frames, IsEmpty());
}

// A copy of a model, the file `mapped` of which is so large that it is mapped.
class MappedModel {
 public:
  explicit MappedModel(const std::string& mapped) : path_(copy_.path() / mapped) {
    NamedTensors weights = ReadTensors(path_);
    weights["padding"] = at::zeros({FileBytes::kMapFrom / 4});
    WriteTensors(path_, weights);
  }

  absl::StatusOr<RuyiModels> Load() const { return copy_.Load(); }

  void WriteInPlace() const {
    std::fstream(path_, std::ios::in | std::ios::out | std::ios::binary) << "x";
    std::filesystem::last_write_time(path_, std::filesystem::file_time_type::clock::now() + std::chrono::hours(1));
  }

  void Replace() const { std::filesystem::rename(copy_.path() / "vae/config.json", path_); }

 private:
  ModelCopy copy_{"tiny"};
  std::filesystem::path path_;
};

TEST(MappedModel, EndsTheVideoOnceSomebodyWroteIntoIt) {
  for (const char* file : {kTransformer, "embeddings.safetensors"}) {
    const MappedModel model(file);
    absl::StatusOr<RuyiModels> models = model.Load();
    ASSERT_THAT(models, IsOk());
    RuyiPipeline pipeline(*std::move(models), SmallOptions());
    EXPECT_THAT(OutcomeOf(pipeline).status, IsOk());
    model.WriteInPlace();
    const Outcome outcome = OutcomeOf(pipeline);
    EXPECT_THAT(outcome.status, StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr(file)));
    EXPECT_THAT(outcome.status, HasReason(reason::kModelChanged));
    EXPECT_THAT(outcome.frames.frames, IsEmpty());
  }
}

TEST(MappedModel, GoesOnWhenAnotherTakesItsName) {
  const MappedModel model(kTransformer);
  absl::StatusOr<RuyiModels> models = model.Load();
  ASSERT_THAT(models, IsOk());
  RuyiPipeline pipeline(*std::move(models), SmallOptions());
  const std::vector<uint8_t> before = VideoOf(pipeline, SmallVideo());
  model.Replace();
  EXPECT_EQ(VideoOf(pipeline, SmallVideo()), before);
}

TEST(CopiedModel, MakesTheSameVideosWhateverBecomesOfItsFiles) {
  const ModelCopy model("tiny");
  absl::StatusOr<RuyiModels> models = model.Load();
  ASSERT_THAT(models, IsOk());
  RuyiPipeline pipeline(*std::move(models), SmallOptions());
  const std::vector<uint8_t> before = VideoOf(pipeline, SmallVideo());
  for (const char* file : {kTransformer, kVae, "embeddings.safetensors", "image_encoder/model.safetensors"})
    std::filesystem::resize_file(model.path() / file, 0);
  EXPECT_EQ(VideoOf(pipeline, SmallVideo()), before);
}

TEST(ChangedLora, EndsTheVideoWithItsOwnReason) {
  const TemporaryFolder folder;
  const std::filesystem::path golden = std::filesystem::path(RUYI_SOURCE_DIR) / "tests" / "golden" / "lora";
  std::filesystem::copy_file(golden / "rank4_alpha2.safetensors", folder.path() / "film.safetensors");
  RuyiPipelineOptions options = SmallOptions();
  options.lora_folder = folder.path();
  RuyiPipeline pipeline(LoadedModel("tiny"), options);
  ASSERT_OK_AND_ASSIGN(const LoraFacts facts, pipeline.loras()->Check("film"));
  VideoInput video = SmallVideo();
  video.spec.loras = {{.name = "film", .strength = 1.0, .sha256 = facts.sha256}};
  EXPECT_THAT(OutcomeOf(pipeline, video).status, IsOk());
  std::filesystem::copy_file(golden / "rank3_noalpha.safetensors", folder.path() / "film.safetensors",
                             std::filesystem::copy_options::overwrite_existing);
  const absl::Status status = OutcomeOf(pipeline, video).status;
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("'film' has changed")));
  EXPECT_THAT(status, HasReason(reason::kLoraChanged));
}

}  // namespace
}  // namespace ruyi
