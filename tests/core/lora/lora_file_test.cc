#include "core/lora/lora_file.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/TensorBody.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/tensor.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <functional>
#include <limits>
#include <ostream>

#include "core/digest/sha256.h"
#include "tests/core/lora/lora_bytes.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_folder.h"

namespace ruyi {
namespace {

using testing::HasSubstr;
using testing::Key;
using testing::UnorderedElementsAre;

const LayerShapes kLayers = {{"blocks.0.to_q", {.out = 3, .in = 2}},
                             {"pos_embed.proj", {.out = 3, .in = 8, .kernel_area = 4}},
                             {"to_out.0", {.out = 2, .in = 2}}};

class LoraFileTest : public testing::Test {
 protected:
  absl::StatusOr<LoraFile> Open(const std::vector<StoredTensor>& tensors) {
    return LoraFile::Open(folder_.Write("lora.safetensors", SafetensorsBytes(tensors)));
  }

  absl::StatusOr<LayerUpdates> UpdatesOf(const std::vector<StoredTensor>& tensors, double strength = 1.0) {
    absl::StatusOr<LoraFile> file = Open(tensors);
    return file.ok() ? file->Updates(kLayers, strength) : file.status();
  }

  absl::Status CheckOf(const std::vector<StoredTensor>& tensors) {
    absl::StatusOr<LoraFile> file = Open(tensors);
    return file.ok() ? file->Check(kLayers) : file.status();
  }

  const TemporaryFolder folder_;
};

at::Tensor ChangeOf(const LayerUpdates& updates, const std::string& layer) {
  return at::matmul(updates.at(layer).up, updates.at(layer).down);
}

at::Tensor Change(double factor) {
  return at::tensor({1.f, 2.f, 2.f, 4.f, 3.f, 6.f}).view({3, 2}) * factor;
}

TEST_F(LoraFileTest, WithoutAlphaTheScaleIsTheStrength) {
  ASSERT_OK_AND_ASSIGN(const LayerUpdates updates, UpdatesOf(LoraTensors(), -0.5));
  EXPECT_THAT(updates, UnorderedElementsAre(Key("blocks.0.to_q")));
  EXPECT_TRUE(at::allclose(ChangeOf(updates, "blocks.0.to_q"), Change(-0.5)));
}

TEST_F(LoraFileTest, AlphaCountsPerRank) {
  std::vector<StoredTensor> tensors = {
      FloatTensor("lora_unet__to_out_0.lora_down.weight", {2, 2}, {1, 0, 0, 1}),
      FloatTensor("lora_unet__to_out_0.lora_up.weight", {2, 2}, {1, 2, 3, 4}),
      FloatTensor("lora_unet__to_out_0.alpha", {}, {1}),
  };
  ASSERT_OK_AND_ASSIGN(const LayerUpdates updates, UpdatesOf(tensors, 3.0));
  const at::Tensor expected = at::tensor({1.f, 2.f, 3.f, 4.f}).view({2, 2}) * 1.5;  // 3 · 1 / 2
  EXPECT_TRUE(at::allclose(ChangeOf(updates, "to_out.0"), expected));
}

TEST_F(LoraFileTest, TakesMatricesAsConvolutionsOfOneByOne) {
  std::vector<StoredTensor> tensors = LoraTensors();
  tensors[0].shape = {1, 2, 1, 1};
  tensors[1].shape = {3, 1, 1, 1};
  ASSERT_OK_AND_ASSIGN(const LayerUpdates updates, UpdatesOf(tensors));
  EXPECT_TRUE(at::allclose(ChangeOf(updates, "blocks.0.to_q"), Change(1)));
}

TEST_F(LoraFileTest, ChangesEveryPlaceOfAKernelAlike) {
  std::vector<StoredTensor> tensors = LoraTensors();
  tensors[0].name = "lora_unet__pos_embed_proj.lora_down.weight";
  tensors[1].name = "lora_unet__pos_embed_proj.lora_up.weight";
  ASSERT_OK_AND_ASSIGN(const LayerUpdates updates, UpdatesOf(tensors));
  const at::Tensor change = ChangeOf(updates, "pos_embed.proj").view({3, 2, 4});
  EXPECT_TRUE(at::allclose(change, Change(1).unsqueeze(2).expand({3, 2, 4})));
}

TEST_F(LoraFileTest, TakesOneUnderscoreToo) {
  std::vector<StoredTensor> tensors = LoraTensors();
  tensors[0].name = "lora_unet_blocks_0_to_q.lora_down.weight";
  tensors[1].name = "lora_unet_blocks_0_to_q.lora_up.weight";
  EXPECT_THAT(CheckOf(tensors), IsOk());
}

TEST_F(LoraFileTest, TakesHalfPrecision) {
  const std::string ones("\x00\x3c\x00\x3c\x00\x3c", 6);
  std::vector<StoredTensor> tensors = LoraTensors();
  tensors[1].dtype = "F16";
  tensors[1].bytes = ones;
  ASSERT_OK_AND_ASSIGN(const LayerUpdates updates, UpdatesOf(tensors));
  EXPECT_EQ(updates.at("blocks.0.to_q").up.scalar_type(), at::kFloat);
  EXPECT_TRUE(at::allclose(ChangeOf(updates, "blocks.0.to_q"), at::tensor({1.f, 2.f}).expand({3, 2})));
}

// A file that is refused, and what the message says.
struct Refused {
  std::string name;  // as GoogleTest wants it
  std::function<void(std::vector<StoredTensor>&)> change;
  std::string tensor;
  std::string what;
};

void PrintTo(const Refused& refused, std::ostream* out) {
  *out << refused.name;
}

class RefusedLora : public LoraFileTest, public testing::WithParamInterface<Refused> {};

TEST_P(RefusedLora, NamesTheTensor) {
  std::vector<StoredTensor> tensors = LoraTensors();
  GetParam().change(tensors);
  const auto says = testing::AllOf(HasSubstr("tensor '" + GetParam().tensor + "'"), HasSubstr(GetParam().what));
  EXPECT_THAT(CheckOf(tensors), StatusIs(absl::StatusCode::kInvalidArgument, says));
  EXPECT_THAT(UpdatesOf(tensors), StatusIs(absl::StatusCode::kInvalidArgument, says));
}

const Refused kRefused[] = {
    {"OtherLayer", [](auto& t) { t[0].name = "lora_unet__blocks_7_to_q.lora_down.weight"; },
     "lora_unet__blocks_7_to_q.lora_down.weight", "fits no layer of the model"},
    {"NoLayer", [](auto& t) { t[0].name = "lora_unet__.lora_down.weight"; }, "lora_unet__.lora_down.weight",
     "fits no layer"},
    {"TextEncoder", [](auto& t) { t[0].name = "lora_te_blocks_0_to_q.lora_down.weight"; },
     "lora_te_blocks_0_to_q.lora_down.weight", "no name of the form"},
    {"OtherFormat", [](auto& t) { t[0].name = "blocks.0.to_q.lora_A.weight"; }, "blocks.0.to_q.lora_A.weight",
     "no name of the form lora_unet__<layer>.lora_up.weight"},
    {"OtherPart", [](auto& t) { t[0].name = "lora_unet__blocks_0_to_q.lora_mid.weight"; },
     "lora_unet__blocks_0_to_q.lora_mid.weight", "is none of lora_down.weight, lora_up.weight and alpha"},
    {"NoUp", [](auto& t) { t.pop_back(); }, "lora_unet__blocks_0_to_q.lora_down.weight", "lacks its lora_up.weight"},
    {"NoDown", [](auto& t) { t.erase(t.begin()); }, "lora_unet__blocks_0_to_q.lora_up.weight",
     "lacks its lora_down.weight"},
    {"AlphaAlone", [](auto& t) { t = {FloatTensor("lora_unet__blocks_0_to_q.alpha", {}, {1})}; },
     "lora_unet__blocks_0_to_q.alpha", "lacks its lora_down.weight"},
    {"WideDown", [](auto& t) { t[0] = FloatTensor(t[0].name, {1, 3}, {1, 2, 3}); },
     "lora_unet__blocks_0_to_q.lora_down.weight", "has shape [1, 3]; its layer takes [1, 2]"},
    {"ShortUp", [](auto& t) { t[1] = FloatTensor(t[1].name, {2, 1}, {1, 2}); },
     "lora_unet__blocks_0_to_q.lora_up.weight", "has shape [2, 1]; its layer takes [3, 1]"},
    {"OtherRank", [](auto& t) { t[1] = FloatTensor(t[1].name, {3, 2}, {1, 2, 3, 4, 5, 6}); },
     "lora_unet__blocks_0_to_q.lora_up.weight", "has shape [3, 2]; its layer takes [3, 1]"},
    {"LargeKernel", [](auto& t) { t[0] = FloatTensor(t[0].name, {1, 2, 1, 2}, {1, 2, 3, 4}); },
     "lora_unet__blocks_0_to_q.lora_down.weight", "has shape [1, 2, 1, 2]"},
    {"NumberForAMatrix", [](auto& t) { t[0] = FloatTensor(t[0].name, {}, {1}); },
     "lora_unet__blocks_0_to_q.lora_down.weight", "has shape []"},
    {"NoRank", [](auto& t) { t[0] = FloatTensor(t[0].name, {0, 2}, {}); }, "lora_unet__blocks_0_to_q.lora_down.weight",
     "has rank 0"},
    {"AlphaOfTwo", [](auto& t) { t.push_back(FloatTensor("lora_unet__blocks_0_to_q.alpha", {2}, {1, 2})); },
     "lora_unet__blocks_0_to_q.alpha", "is not one number"},
    {"NaNUp", [](auto& t) { t[1] = FloatTensor(t[1].name, {3, 1}, {1, 2, NAN}); },
     "lora_unet__blocks_0_to_q.lora_up.weight", "is not finite"},
    {"InfiniteDown", [](auto& t) { t[0] = FloatTensor(t[0].name, {1, 2}, {1, -INFINITY}); },
     "lora_unet__blocks_0_to_q.lora_down.weight", "is not finite"},
    {"NaNInHalf", [](auto& t) { t[0] = {t[0].name, "F16", {1, 2}, std::string("\x00\x3c\x00\x7e", 4)}; },
     "lora_unet__blocks_0_to_q.lora_down.weight", "is not finite"},
    {"InfinityInBfloat16", [](auto& t) { t[0] = {t[0].name, "BF16", {1, 2}, "\x80\x3f\x80\xff"}; },
     "lora_unet__blocks_0_to_q.lora_down.weight", "is not finite"},
    {"NaNIn8Bits", [](auto& t) { t[0] = {t[0].name, "F8_E4M3", {1, 2}, "\x38\x7f"}; },
     "lora_unet__blocks_0_to_q.lora_down.weight", "is not finite"},
    {"BeyondFloat32",
     [](auto& t) {
       const double large = 1e300;
       t[0] = {t[0].name, "F64", {1, 2}, std::string(16, '\0').replace(8, 8, reinterpret_cast<const char*>(&large), 8)};
     },
     "lora_unet__blocks_0_to_q.lora_down.weight", "is not finite"},
    {"ProductOverflows",
     [](auto& t) {
       t[0] = FloatTensor(t[0].name, {1, 2}, {1e20f, 0});
       t[1] = FloatTensor(t[1].name, {3, 1}, {0, 1e20f, 0});
     },
     "lora_unet__blocks_0_to_q.lora_up.weight", "is not finite once it is multiplied with its lora_down.weight"},
    {"AlphaOverflows",
     [](auto& t) {
       t[1] = FloatTensor(t[1].name, {3, 1}, {1e30f, 0, 0});
       t.push_back(FloatTensor("lora_unet__blocks_0_to_q.alpha", {}, {1e30f}));
     },
     "lora_unet__blocks_0_to_q.lora_up.weight", "is not finite once its alpha is applied"},
    {"Integers", [](auto& t) { t[0] = {t[0].name, "I8", {1, 2}, "ab"}; }, "lora_unet__blocks_0_to_q.lora_down.weight",
     "is of type I8; it must be of a floating-point type"},
    {"InfiniteAlpha",
     [](auto& t) {
       t.push_back(FloatTensor("lora_unet__blocks_0_to_q.alpha", {}, {std::numeric_limits<float>::infinity()}));
     },
     "lora_unet__blocks_0_to_q.alpha", "is not finite"},
};

INSTANTIATE_TEST_SUITE_P(Files, RefusedLora, testing::ValuesIn(kRefused),
                         [](const auto& test) { return test.param.name; });

// The largest numbers never meet.
TEST_F(LoraFileTest, LargeFactorsWithASmallProductAreTaken) {
  std::vector<StoredTensor> tensors = {
      FloatTensor("lora_unet__to_out_0.lora_down.weight", {2, 2}, {1e20f, 0, 0, 1}),
      FloatTensor("lora_unet__to_out_0.lora_up.weight", {2, 2}, {1, 1e20f, 0, 0}),
  };
  EXPECT_THAT(CheckOf(tensors), IsOk());
}

TEST_F(LoraFileTest, AFileWithoutLayersIsRefused) {
  for (const char* header : {"{}", R"({"__metadata__":{"format":"pt"}})"}) {
    ASSERT_OK_AND_ASSIGN(const LoraFile file,
                         LoraFile::Open(folder_.Write("lora.safetensors", SafetensorsBytes(header, ""))));
    EXPECT_THAT(file.Check(kLayers), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("no layer in it")));
  }
}

TEST_F(LoraFileTest, StaysAsItWasRead) {
  const std::string bytes = SafetensorsBytes(LoraTensors());
  const std::filesystem::path path = folder_.Write("lora.safetensors", bytes);
  ASSERT_OK_AND_ASSIGN(const LoraFile file, LoraFile::Open(path));
  std::filesystem::resize_file(path, 0);
  EXPECT_THAT(file.Check(kLayers), IsOk());
  EXPECT_EQ(file.sha256(), Sha256Hex(bytes));
}

TEST_F(LoraFileTest, ATruncatedFileIsDataLossThatNamesATensor) {
  const std::string bytes = SafetensorsBytes(LoraTensors());
  const auto file = LoraFile::Open(folder_.Write("lora.safetensors", bytes.substr(0, bytes.size() - 4)));
  EXPECT_THAT(file, StatusIs(absl::StatusCode::kDataLoss, HasSubstr("lora_unet__blocks_0_to_q.lora_up.weight")));
}

TEST_F(LoraFileTest, AFileThatIsNotThereIsNotFound) {
  EXPECT_THAT(LoraFile::Open(folder_.path() / "none"), StatusIs(absl::StatusCode::kNotFound));
}

}  // namespace
}  // namespace ruyi
