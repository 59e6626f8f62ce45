#include "core/pipeline/ruyi/control_embeddings.h"

#include <ATen/core/TensorBody.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/core/pipeline/model_copy.h"
#include "tests/support/status_matchers.h"

namespace ruyi {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr Camera kCameras[] = {Camera::kAuto,  Camera::kStatic, Camera::kLeft,
                               Camera::kRight, Camera::kUp,     Camera::kDown};

DitConfig SmallConfig() {
  DitConfig config;
  config.text_length = 2;
  config.cross_attention_dim = 4;
  config.t5_length = 3;
  config.t5_dim = 5;
  return config;
}

// Every number of the prompt is `value`.
void AddPrompt(NamedTensors& tensors, const std::string& key, double value) {
  tensors[key + ".emb1"] = at::full({1, 2, 4}, value, at::kFloat);
  tensors[key + ".mask1"] = at::full({1, 2}, value, at::kFloat);
  tensors[key + ".emb2"] = at::full({1, 3, 5}, value, at::kFloat);
  tensors[key + ".mask2"] = at::full({1, 3}, value, at::kFloat);
}

class ControlEmbeddingsTest : public testing::Test {
 protected:
  ControlEmbeddingsTest() {
    AddPrompt(tensors_, "p.default", 1);
    AddPrompt(tensors_, "n.default", -1);
  }

  absl::StatusOr<ControlEmbeddings> Load() const {
    WriteTensors(path_, tensors_);
    return ControlEmbeddings::Load(path_, SmallConfig());
  }

  NamedTensors tensors_;
  const TemporaryFolder folder_;
  const std::filesystem::path path_ = folder_.path() / "embeddings.safetensors";
};

// The number of which a tensor is full.
double NumberOf(const at::Tensor& tensor) {
  const double first = tensor.flatten()[0].item<double>();
  EXPECT_TRUE(at::equal(tensor, at::full(tensor.sizes(), first, tensor.options())));
  return first;
}

TEST_F(ControlEmbeddingsTest, FindsThePromptOfCameraAndMotion) {
  AddPrompt(tensors_, "p.16x9movie2left", 22);
  AddPrompt(tensors_, "p.16x9movie0static", 33);
  ASSERT_OK_AND_ASSIGN(const ControlEmbeddings embeddings, Load());
  ASSERT_OK_AND_ASSIGN(const ControlEmbedding left, embeddings.Positive(Camera::kLeft, 2));
  EXPECT_EQ(NumberOf(left.text), 22);
  EXPECT_EQ(left.text.sizes(), (std::vector<int64_t>{1, 2, 4}));
  EXPECT_EQ(left.text_mask.sizes(), (std::vector<int64_t>{1, 2}));
  EXPECT_EQ(left.t5.sizes(), (std::vector<int64_t>{1, 3, 5}));
  EXPECT_EQ(left.t5_mask.sizes(), (std::vector<int64_t>{1, 3}));
  EXPECT_EQ(NumberOf(embeddings.Positive(Camera::kStatic, std::nullopt)->t5), 33);
  EXPECT_EQ(NumberOf(embeddings.Negative()->text), -1);
}

TEST_F(ControlEmbeddingsTest, EveryCameraAndMotionHasItsOwnKey) {
  const char* names[] = {"auto", "static", "left", "right", "up", "down"};
  for (int camera = 0; camera < 6; ++camera) {
    for (int motion = 0; motion <= 4; ++motion)
      AddPrompt(tensors_, "p.16x9movie" + std::to_string(motion) + names[camera], 10 * camera + motion);
  }
  tensors_.erase("p.default.emb1");  // needed by none
  ASSERT_OK_AND_ASSIGN(const ControlEmbeddings embeddings, Load());
  for (int camera = 0; camera < 6; ++camera) {
    EXPECT_EQ(NumberOf(embeddings.Positive(kCameras[camera], std::nullopt)->text), 10 * camera);
    for (int motion = 1; motion <= 4; ++motion)
      EXPECT_EQ(NumberOf(embeddings.Positive(kCameras[camera], motion)->text), 10 * camera + motion);
  }
}

TEST_F(ControlEmbeddingsTest, TakesWhatIsMissingFromTheDefaultTensorByTensor) {
  tensors_["p.16x9movie3up.emb1"] = at::full({1, 2, 4}, 5.0, at::kFloat);
  tensors_["p.16x9movie3up.mask2"] = at::full({1, 3}, 6.0, at::kFloat);
  ASSERT_OK_AND_ASSIGN(const ControlEmbeddings embeddings, Load());
  ASSERT_OK_AND_ASSIGN(const ControlEmbedding up, embeddings.Positive(Camera::kUp, 3));
  EXPECT_EQ(NumberOf(up.text), 5);
  EXPECT_EQ(NumberOf(up.text_mask), 1);
  EXPECT_EQ(NumberOf(up.t5), 1);
  EXPECT_EQ(NumberOf(up.t5_mask), 6);
  EXPECT_EQ(NumberOf(embeddings.Positive(Camera::kUp, 2)->text), 1);
}

TEST_F(ControlEmbeddingsTest, StoredTypesBecomeFloat32) {
  const DitConfig& config = LoadedModel("tiny").dit.config();
  ASSERT_OK_AND_ASSIGN(const ControlEmbeddings embeddings,
                       ControlEmbeddings::Load(GoldenModel("tiny-cache") / "embeddings.safetensors", config));
  ASSERT_OK_AND_ASSIGN(const ControlEmbedding found, embeddings.Positive(Camera::kAuto, std::nullopt));
  for (const at::Tensor& tensor : {found.text, found.text_mask, found.t5, found.t5_mask})
    EXPECT_EQ(tensor.scalar_type(), at::kFloat);
}

TEST_F(ControlEmbeddingsTest, AMissingDefaultIsRefusedByName) {
  for (const char* key : {"p.default", "n.default"}) {
    for (const char* part : {".emb1", ".mask1", ".emb2", ".mask2"}) {
      const auto removed = tensors_.extract(std::string(key) + part);
      EXPECT_THAT(Load(), StatusIs(absl::StatusCode::kFailedPrecondition,
                                   AllOf(HasSubstr(path_.string()), HasSubstr(std::string(key) + part))));
      tensors_[removed.key()] = removed.mapped();
    }
  }
  EXPECT_THAT(Load(), IsOk());
}

TEST_F(ControlEmbeddingsTest, AnotherShapeIsRefusedByName) {
  tensors_["p.16x9movie4down.emb2"] = at::full({1, 3, 6}, 0.0, at::kFloat);
  EXPECT_THAT(Load(),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       HasSubstr("p.16x9movie4down.emb2 has shape [1, 3, 6]; the transformer takes [1, 3, 5]")));
}

TEST_F(ControlEmbeddingsTest, EveryTensorsShapeIsChecked) {
  for (const char* part : {".emb1", ".mask1", ".emb2", ".mask2"}) {
    NamedTensors changed = tensors_;
    changed[std::string("n.default") + part] = at::full({2, 2}, 0.0, at::kFloat);
    std::swap(changed, tensors_);
    EXPECT_THAT(Load(), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("has shape [2, 2]")));
    std::swap(changed, tensors_);
  }
}

TEST_F(ControlEmbeddingsTest, AMissingFileIsNotFound) {
  EXPECT_THAT(ControlEmbeddings::Load(path_, SmallConfig()), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(ControlEmbeddingsTest, ADamagedFileIsDataLoss) {
  folder_.Write("embeddings.safetensors", "short");
  EXPECT_THAT(ControlEmbeddings::Load(path_, SmallConfig()), StatusIs(absl::StatusCode::kDataLoss));
}

}  // namespace
}  // namespace ruyi
