#include "core/pipeline/ruyi/models.h"

#include <ATen/core/TensorBody.h>
#include <ATen/ops/zeros.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

#include "core/base/error_reasons.h"
#include "tests/core/pipeline/model_copy.h"
#include "tests/support/status_matchers.h"

namespace ruyi {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

const std::filesystem::path kDemoModel = std::filesystem::path(RUYI_SOURCE_DIR) / "models" / "ruyi-tiny";
constexpr const char* kTransformerWeights = "transformer/diffusion_pytorch_model.safetensors";

TEST(LoadRuyiModels, LoadsTheGoldenModelsWhole) {
  for (const char* name : {"tiny", "tiny-cache"}) {
    const RuyiModels& models = LoadedModel(name);
    EXPECT_THAT(models.unused_names, IsEmpty());
    EXPECT_EQ(models.geometry().spatial_scale, 8);
    EXPECT_EQ(models.geometry().frames_per_chunk, 8);
    EXPECT_EQ(models.geometry().latents_per_chunk, 2);
    EXPECT_EQ(models.geometry().channels, 16);
    EXPECT_EQ(models.sampler.steps_offset, 1);
    EXPECT_EQ(models.sampler.prediction, PredictionType::kVPrediction);
  }
}

TEST(LoadRuyiModels, LoadsTheDemoModelWhole) {
  ASSERT_OK_AND_ASSIGN(const RuyiModels models, LoadRuyiModels(kDemoModel, {}));
  EXPECT_THAT(models.unused_names, IsEmpty());
  EXPECT_EQ(models.geometry().spatial_scale, 8);
}

TEST(LoadRuyiModels, AMissingFolderIsNotFound) {
  const TemporaryFolder folder;
  EXPECT_THAT(LoadRuyiModels(folder.path() / "none", {}), StatusIs(absl::StatusCode::kNotFound, HasSubstr("none")));
}

TEST(LoadRuyiModels, MissingFilesAreNotFoundByName) {
  for (const char* file : {"embeddings.safetensors", "image_encoder/preprocessor_config.json", "vae/config.json"}) {
    const ModelCopy model("tiny");
    std::filesystem::remove(model.path() / file);
    EXPECT_THAT(model.Load(), StatusIs(absl::StatusCode::kNotFound, HasSubstr(file)));
  }
}

TEST(LoadRuyiModels, PartsWithoutWeightsAreNotFound) {
  for (const char* file :
       {"image_encoder/model.safetensors", kTransformerWeights, "vae/diffusion_pytorch_model.safetensors"}) {
    const ModelCopy model("tiny");
    std::filesystem::remove(model.path() / file);
    EXPECT_THAT(model.Load(), StatusIs(absl::StatusCode::kNotFound)) << file;
  }
}

TEST(LoadRuyiModels, RefusesWhatIsNotBuiltInAnyPart) {
  const std::tuple<std::string, nlohmann::json, std::string> options[] = {
      {"image_encoder/preprocessor_config.json", {{"do_resize", false}}, "do_resize"},
      {"image_encoder/config.json", {{"hidden_act", "relu"}}, "relu"},
      {"transformer/config.json", {{"after_norm", true}}, "after_norm"},
      {"vae/config.json", {{"use_gc_blocks", {true}}}, "use_gc_blocks"},
      {"scheduler/scheduler_config.json", {{"clip_sample", true}}, "clip_sample"},
  };
  for (const auto& [file, changes, key] : options) {
    const ModelCopy model("tiny");
    model.Configure(file, changes);
    const absl::Status status = model.Load().status();
    EXPECT_THAT(status, StatusIs(absl::StatusCode::kUnimplemented, AllOf(HasSubstr(file), HasSubstr(key))));
    EXPECT_THAT(status, HasReason(reason::kFeatureNotBuilt));
  }
}

TEST(LoadRuyiModels, WrongValuesAreNamedByFileAndKey) {
  const std::tuple<std::string, nlohmann::json, std::string> options[] = {
      {"image_encoder/preprocessor_config.json", {{"rescale_factor", "x"}}, "'rescale_factor'"},
      {"image_encoder/preprocessor_config.json", {{"crop_size", {{"height", 0}}}}, "crop_size.height"},
      {"image_encoder/config.json", {{"hidden_size", "x"}}, "'hidden_size'"},
      {"image_encoder/config.json",
       {{"vision_config", {{"hidden_size", -1}}}},
       "vision_config: image encoder: hidden_size"},
      {"image_encoder/config.json", {{"vision_config", 3}}, "vision_config must be an object"},
      {"transformer/config.json", {{"num_layers", 3}}, "num_layers is 3"},
      {"transformer/config.json", {{"in_channels", nullptr}}, "'in_channels' is missing"},
      {"vae/config.json", {{"scaling_factor", 0}}, "scaling_factor is 0"},
      {"vae/config.json", {{"layers_per_block", 1000000000}}, "layers_per_block is 1000000000"},
      {"scheduler/scheduler_config.json", {{"beta_start", 2}}, "beta_start"},
  };
  for (const auto& [file, changes, key] : options) {
    const ModelCopy model("tiny");
    model.Configure(file, changes);
    EXPECT_THAT(model.Load(), StatusIs(absl::StatusCode::kFailedPrecondition, AllOf(HasSubstr(file), HasSubstr(key))));
  }
}

TEST(LoadRuyiModels, WeightsThatAreNotFiniteAreNamedByFileAndTensor) {
  const std::pair<std::string, std::string> weights[] = {
      {"image_encoder/model.safetensors", "visual_projection.weight"},
      {kTransformerWeights, "proj_out.weight"},
      {"vae/diffusion_pytorch_model.safetensors", "decoder.conv_out.bias"},
      {"embeddings.safetensors", "p.16x9movie0auto.emb2"}};
  for (const auto& [file, name] : weights) {
    for (const float number : {NAN, -INFINITY}) {
      const ModelCopy model("tiny");
      NamedTensors tensors = ReadTensors(model.path() / file);
      ASSERT_TRUE(tensors.contains(name)) << name;
      tensors.at(name).flatten()[-1].fill_(number);
      WriteTensors(model.path() / file, tensors);
      EXPECT_THAT(model.Load(), StatusIs(absl::StatusCode::kFailedPrecondition,
                                         AllOf(HasSubstr(file), HasSubstr("'" + name + "' is not finite"))));
    }
  }
}

TEST(LoadRuyiModels, BrokenConfigsAreDataLoss) {
  for (const char* file : {"image_encoder/preprocessor_config.json", "image_encoder/config.json",
                           "transformer/config.json", "vae/config.json", "scheduler/scheduler_config.json"}) {
    const ModelCopy model("tiny");
    std::ofstream(model.path() / file) << "{";
    EXPECT_THAT(model.Load(), StatusIs(absl::StatusCode::kDataLoss, HasSubstr(file)));
  }
}

TEST(LoadRuyiModels, RefusesAnImageEncoderOfAnotherWidth) {
  const ModelCopy model("tiny");
  std::filesystem::remove_all(model.path() / "image_encoder");
  std::filesystem::copy(kDemoModel / "image_encoder", model.path() / "image_encoder");
  EXPECT_THAT(model.Load(),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       HasSubstr("the transformer's projection_dim is 40, the image encoder's hidden_size 64")));
}

TEST(LoadRuyiModels, RefusesATransformerOfOtherLatents) {
  const ModelCopy model("tiny");
  NamedTensors weights = ReadTensors(model.path() / kTransformerWeights);
  at::Tensor& patches = weights.at("pos_embed.proj.weight");
  patches = patches.narrow(1, 0, 36);
  WriteTensors(model.path() / kTransformerWeights, weights);
  model.Configure("transformer/config.json", {{"in_channels", 36}});
  EXPECT_THAT(model.Load(),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("the transformer takes 36 channels")));
}

TEST(LoadRuyiModels, RefusesATransformerThatPredictsTooLittle) {
  const ModelCopy model("tiny");
  NamedTensors weights = ReadTensors(model.path() / kTransformerWeights);
  weights.at("proj_out.weight") = weights.at("proj_out.weight").narrow(0, 0, 4 * 8);
  weights.at("proj_out.bias") = weights.at("proj_out.bias").narrow(0, 0, 4 * 8);
  WriteTensors(model.path() / kTransformerWeights, weights);
  model.Configure("transformer/config.json", {{"out_channels", 8}});
  EXPECT_THAT(model.Load(), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("gives 8")));
}

TEST(LoadRuyiModels, RefusesATransformerThatIsNotForInpainting) {
  const ModelCopy model("tiny");
  NamedTensors weights = ReadTensors(model.path() / kTransformerWeights);
  weights.at("proj_out.weight") = weights.at("proj_out.weight").repeat({3, 1});
  weights.at("proj_out.bias") = weights.at("proj_out.bias").repeat({3});
  WriteTensors(model.path() / kTransformerWeights, weights);
  model.Configure("transformer/config.json", {{"out_channels", 96}});  // all of its input: no CLIP branch
  EXPECT_THAT(model.Load(), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("gives 96")));
}

TEST(LoadRuyiModels, RefusesPromptsOfAnotherModel) {
  const ModelCopy model("tiny");
  std::filesystem::copy_file(kDemoModel / "embeddings.safetensors", model.path() / "embeddings.safetensors",
                             std::filesystem::copy_options::overwrite_existing);
  EXPECT_THAT(model.Load(), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("has shape [1, 4, 64]")));
}

TEST(LoadRuyiModels, NamesWhatNoPartUses) {
  const ModelCopy model("tiny");
  const std::pair<std::string, std::string> extras[] = {{"image_encoder/model.safetensors", "extra.of.clip"},
                                                        {kTransformerWeights, "extra.of.transformer"},
                                                        {"vae/diffusion_pytorch_model.safetensors", "extra.of.vae"}};
  for (const auto& [file, name] : extras) {
    NamedTensors weights = ReadTensors(model.path() / file);
    weights[name] = at::zeros({1});
    WriteTensors(model.path() / file, weights);
  }
  ASSERT_OK_AND_ASSIGN(const RuyiModels models, model.Load());
  EXPECT_THAT(models.unused_names, UnorderedElementsAre("extra.of.clip", "extra.of.transformer", "extra.of.vae"));
}

}  // namespace
}  // namespace ruyi
