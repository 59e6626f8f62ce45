#include "core/model/clip_vision/clip_vision_model.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/TensorBody.h>
#include <ATen/ops/abs.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/max.h>
#include <ATen/ops/tensor.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/weights/safetensors_file.h"
#include "tests/support/temporary_folder.h"

namespace ruyi {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

const std::filesystem::path kGolden = std::filesystem::path(RUYI_SOURCE_DIR) / "tests" / "golden";
const std::filesystem::path kEncoder = kGolden / "models" / "tiny" / "image_encoder";

double RelativeError(const at::Tensor& ours, const at::Tensor& golden) {
  return ((ours - golden).abs().max() / golden.abs().max()).item<double>();
}

TEST(ClipVisionModel, ComputesWhatTheReferenceComputes) {
  std::vector<std::string> unused;
  const auto model = LoadClipVisionModel(kEncoder, {}, &unused);
  ASSERT_TRUE(model.ok()) << model.status();
  EXPECT_THAT(unused, IsEmpty());
  for (const char* name : {"landscape.safetensors", "portrait.safetensors"}) {
    const auto file = SafetensorsFile::Open(kGolden / "clip" / name);
    ASSERT_TRUE(file.ok()) << file.status();
    const at::Tensor hidden = model->Forward(*file->Get("out.pixel_values"));
    EXPECT_LT(RelativeError(hidden, *file->Get("out.last_hidden_state")), 2e-5) << name;
    EXPECT_LT(RelativeError(model->Project(hidden), *file->Get("out.image_embeds")), 2e-5) << name;
  }
}

TEST(ClipVisionModel, PicturesOfABatchDoNotMeet) {
  const auto model = *LoadClipVisionModel(kEncoder, {}, nullptr);
  const at::Tensor first = *SafetensorsFile::Open(kGolden / "clip/landscape.safetensors")->Get("out.pixel_values");
  const at::Tensor second = *SafetensorsFile::Open(kGolden / "clip/portrait.safetensors")->Get("out.pixel_values");
  const at::Tensor both = model.Forward(at::cat({first, second}));
  EXPECT_TRUE(at::allclose(both.narrow(0, 0, 1), model.Forward(first), 1e-4, 1e-5));
  EXPECT_TRUE(at::allclose(both.narrow(0, 1, 1), model.Forward(second), 1e-4, 1e-5));
}

// x Φ(x) and x σ(1.702 x) at 1 and -2, through an MLP of identities.
TEST(ClipMlp, HasBothActivations) {
  const at::Tensor eye = at::tensor({1.f, 0.f, 0.f, 1.f}).view({2, 2});
  const at::Tensor zero = at::tensor({0.f, 0.f});
  const at::Tensor x = at::tensor({1.f, -2.f});
  const Linear identity = {.weight = {.data = eye, .scale = {}}, .bias = zero, .update = {}};
  ClipMlp mlp = {.activation = ClipActivation::kGelu, .up = identity, .down = identity};
  EXPECT_TRUE(at::allclose(mlp.Forward(x), at::tensor({0.8413447f, -0.0455003f}), 1e-5, 1e-7));
  mlp.activation = ClipActivation::kQuickGelu;
  EXPECT_TRUE(at::allclose(mlp.Forward(x), at::tensor({0.8457958f, -0.0643414f}), 1e-5, 1e-6));
}

class ClipLoading : public testing::Test {
 protected:
  ClipLoading() { std::filesystem::copy(kEncoder, folder_.path(), std::filesystem::copy_options::recursive); }

  absl::Status Load() { return LoadClipVisionModel(folder_.path(), {}, nullptr).status(); }

  const TemporaryFolder folder_;
};

TEST_F(ClipLoading, WithoutConfigIsNotFound) {
  std::filesystem::remove(folder_.path() / "config.json");
  EXPECT_TRUE(absl::IsNotFound(Load()));
}

TEST_F(ClipLoading, WithoutWeightsIsNotFound) {
  std::filesystem::remove(folder_.path() / "model.safetensors");
  EXPECT_TRUE(absl::IsNotFound(Load()));
}

TEST_F(ClipLoading, WeightsOfAnotherConfigAreRefused) {
  folder_.Write("config.json", R"({"hidden_size":40,"image_size":28,"patch_size":7,"num_attention_heads":4,
      "num_hidden_layers":4,"intermediate_size":80,"projection_dim":24})");
  const absl::Status status = Load();
  EXPECT_TRUE(absl::IsFailedPrecondition(status));
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("'vision_model.encoder.layers.3.self_attn.q_proj.weight' is missing"),
                    HasSubstr("'vision_model.encoder.layers.0.mlp.fc1.weight' has shape [96, 40], expected [80, 40]")));
}

TEST_F(ClipLoading, NamesUnusedWeights) {
  folder_.Write("config.json", R"({"hidden_size":40,"image_size":28,"patch_size":7,"num_attention_heads":4,
      "num_hidden_layers":2,"intermediate_size":96,"projection_dim":24})");
  std::vector<std::string> unused = {"earlier"};
  ASSERT_TRUE(LoadClipVisionModel(folder_.path(), {}, &unused).ok());
  EXPECT_EQ(unused.size(), 1 + 16);
  EXPECT_THAT(unused, testing::Contains("vision_model.encoder.layers.2.layer_norm1.bias"));
}

}  // namespace
}  // namespace ruyi
