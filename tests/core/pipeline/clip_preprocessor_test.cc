#include "core/pipeline/ruyi/clip_preprocessor.h"

#include <ATen/core/TensorBody.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/tensor.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "core/base/error_reasons.h"
#include "core/media/pillow_resize.h"
#include "tests/support/noisy_image.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_folder.h"

namespace ruyi {
namespace {

using nlohmann::json;
using testing::HasSubstr;

class ClipPreprocessorTest : public testing::Test {
 protected:
  absl::StatusOr<ClipPreprocessor> Load(const json& config) const {
    return ClipPreprocessor::Load(folder_.Write("preprocessor_config.json", config.dump()));
  }

  const TemporaryFolder folder_;
};

// Shows the bytes of the picture: no rescaling, no normalisation.
const json kBytes = {{"rescale_factor", 1.0}, {"image_mean", {0, 0, 0}}, {"image_std", {1, 1, 1}}};

json BytesOfSize(int edge, int height, int width) {
  json config = kBytes;
  config["size"] = {{"shortest_edge", edge}};
  config["crop_size"] = {{"height", height}, {"width", width}};
  return config;
}

TEST_F(ClipPreprocessorTest, AbsentKeysTakeTheProcessorsDefaults) {
  ASSERT_OK_AND_ASSIGN(const ClipPreprocessor processor, Load(json::object()));
  const at::Tensor pixels = processor.Process(PlainImage({30, 20}, 255, 0, 51));
  ASSERT_EQ(pixels.sizes(), (std::vector<int64_t>{1, 3, 224, 224}));
  EXPECT_EQ(pixels.scalar_type(), at::kFloat);
  const at::Tensor expected =
      at::tensor({(1.0 - 0.48145466) / 0.26862954, -0.4578275 / 0.26130258, (0.2 - 0.40821073) / 0.27577711},
                 at::kFloat)
          .view({1, 3, 1, 1})
          .expand({1, 3, 224, 224});
  EXPECT_TRUE(at::allclose(pixels, expected, 1e-5, 1e-5));
}

TEST_F(ClipPreprocessorTest, NullTakesTheDefaultToo) {
  ASSERT_OK_AND_ASSIGN(const ClipPreprocessor processor, Load({{"crop_size", nullptr}, {"image_mean", nullptr}}));
  EXPECT_EQ(processor.Process(PlainImage({8, 8}, 0, 0, 0)).size(3), 224);
}

TEST_F(ClipPreprocessorTest, ResizesTheShorterSide) {
  ASSERT_OK_AND_ASSIGN(const ClipPreprocessor processor, Load(BytesOfSize(10, 10, 10)));
  const RgbImage wide = NoisyImage({60, 40});
  const RgbImage tall = NoisyImage({40, 60});
  const RgbImage resized_wide = ResizeLikePillow(wide, {15, 10});
  const RgbImage resized_tall = ResizeLikePillow(tall, {10, 15});
  EXPECT_TRUE(at::equal(processor.Process(wide), processor.Process(resized_wide)));
  EXPECT_TRUE(at::equal(processor.Process(tall), processor.Process(resized_tall)));
}

// Twelve columns, of which number (12 - 8) / 2 = 2 is the first; ten rows, of which number (10 - 6) / 2 = 2 is.
TEST_F(ClipPreprocessorTest, CutsOutTheCentre) {
  ASSERT_OK_AND_ASSIGN(const ClipPreprocessor processor, Load(BytesOfSize(10, 6, 8)));
  const RgbImage image = NoisyImage({12, 10});
  const at::Tensor pixels = processor.Process(image);
  ASSERT_EQ(pixels.sizes(), (std::vector<int64_t>{1, 3, 6, 8}));
  for (const auto& [y, x] : {std::pair(0, 0), std::pair(0, 7), std::pair(5, 0), std::pair(5, 7), std::pair(2, 3)}) {
    for (int channel = 0; channel < 3; ++channel) {
      EXPECT_EQ(pixels[0][channel][y][x].item<float>(),
                image.pixels[(y + 2) * image.row_bytes() + (x + 2) * 3 + channel]);
    }
  }
}

TEST_F(ClipPreprocessorTest, AMissingFileIsNotFound) {
  EXPECT_THAT(ClipPreprocessor::Load(folder_.path() / "none.json"), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(ClipPreprocessorTest, ABrokenFileIsDataLoss) {
  EXPECT_THAT(ClipPreprocessor::Load(folder_.Write("broken.json", "{")), StatusIs(absl::StatusCode::kDataLoss));
}

TEST_F(ClipPreprocessorTest, RefusesWhatIsNotBuiltByName) {
  const std::pair<json, const char*> options[] = {
      {{{"do_resize", false}}, "do_resize = false"},
      {{{"do_center_crop", false}}, "do_center_crop = false"},
      {{{"do_rescale", false}}, "do_rescale = false"},
      {{{"do_normalize", false}}, "do_normalize = false"},
      {{{"resample", 2}}, "resample = 2"},
      {{{"size", {{"shortest_edge", 223}}}}, "crop_size larger than size.shortest_edge"},
      {{{"crop_size", {{"height", 8}, {"width", 225}}}}, "crop_size larger than size.shortest_edge"},
  };
  for (const auto& [config, message] : options) {
    const absl::Status status = Load(config).status();
    EXPECT_THAT(status, StatusIs(absl::StatusCode::kUnimplemented, HasSubstr(message)));
    EXPECT_THAT(status, HasReason(reason::kFeatureNotBuilt));
  }
}

TEST_F(ClipPreprocessorTest, RefusesValuesOfAnotherTypeOrOutOfRange) {
  const std::pair<json, const char*> options[] = {
      {{{"do_resize", "yes"}}, "do_resize"},
      {{{"resample", "bicubic"}}, "resample"},
      {{{"size", 224}}, "size must be an object"},
      {{{"size", {{"height", 224}}}}, "shortest_edge"},
      {{{"size", {{"shortest_edge", 0}}}}, "size.shortest_edge is 0, must be 1 to 4096"},
      {{{"size", {{"shortest_edge", 4097}}}}, "size.shortest_edge is 4097, must be 1 to 4096"},
      {{{"crop_size", {224, 224}}}, "crop_size must be an object"},
      {{{"crop_size", {{"height", 224}}}}, "width"},
      {{{"crop_size", {{"height", -1}, {"width", 8}}}}, "crop_size.height is -1"},
      {{{"crop_size", {{"height", 8}, {"width", 0}}}}, "crop_size.width is 0"},
      {{{"rescale_factor", "1/255"}}, "rescale_factor"},
      {{{"image_mean", {0.5, 0.5}}}, "image_mean must be three numbers"},
      {{{"image_mean", 0.5}}, "image_mean must be three numbers"},
      {{{"image_std", {0.5, "0.5", 0.5}}}, "image_std must be three numbers"},
      {{{"image_std", {0.5, 0, 0.5}}}, "image_std must be above 0"},
  };
  for (const auto& [config, message] : options) {
    EXPECT_THAT(Load(config), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr(message)));
  }
}

}  // namespace
}  // namespace ruyi
