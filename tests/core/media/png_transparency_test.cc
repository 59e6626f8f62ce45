// Tests transparency in PNG files by a colour key (tRNS), at every depth, and by a palette.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <tuple>
#include <vector>

#include "tests/core/media/png_writer.h"
#include "tests/core/media/test_pictures.h"

namespace ruyi {
namespace {

using ::testing::Combine;
using ::testing::ElementsAre;
using ::testing::Values;

constexpr uint32_t kWidth = 19, kHeight = 11;  // neither is a multiple of Adam7's 8

std::vector<int> Grey(int level) {
  return {level, level, level};
}

class PngTransparencyTest : public testing::TestWithParam<std::tuple<int, bool>> {
 protected:
  int depth() const { return std::get<0>(GetParam()); }
  bool is_interlaced() const { return std::get<1>(GetParam()); }
  int max() const { return (1 << depth()) - 1; }

  int EightBits(int sample) const { return static_cast<int>(std::lround(sample * 255.0 / max())); }

  // Every level that there is, as far as the pixels go, those around `key` among them.
  std::vector<uint16_t> Levels(int key) const {
    std::vector<uint16_t> levels;
    for (uint32_t i = 0; i < kWidth * kHeight; ++i)
      levels.push_back(static_cast<uint16_t>(std::clamp(key - 3 + static_cast<int>(i % 7), 0, max())));
    return levels;
  }

  RgbImage DecodeGrey(const std::vector<uint16_t>& levels, int key) const {
    const png_color_16 transparent = {.gray = static_cast<png_uint_16>(key)};
    const auto image = Decode(WritePng({.width = kWidth,
                                        .height = kHeight,
                                        .bit_depth = depth(),
                                        .is_interlaced = is_interlaced(),
                                        .samples = levels,
                                        .transparent = transparent}));
    EXPECT_TRUE(image.ok()) << image.status();
    return image.value_or(RgbImage{.width = kWidth, .height = kHeight, .pixels = std::vector<uint8_t>(1 << 10)});
  }
};

TEST_P(PngTransparencyTest, LaysTheTransparentGreyOverWhite) {
  for (const int key : {0, 1, max() / 2, max() - 1, max()}) {
    const std::vector<uint16_t> levels = Levels(key);
    const RgbImage image = DecodeGrey(levels, key);
    for (uint32_t i = 0; i < kWidth * kHeight; ++i)
      EXPECT_EQ(RgbAt(image, i % kWidth, i / kWidth), Grey(levels[i] == key ? 255 : EightBits(levels[i])))
          << "key " << key << ", pixel " << i;
  }
}

TEST_P(PngTransparencyTest, LeavesAPictureWithoutTheTransparentGreyAsItIs) {
  const std::vector<uint16_t> levels(kWidth * kHeight, 1);
  EXPECT_EQ(RgbAt(DecodeGrey(levels, 0), 3, 3), Grey(EightBits(1)));
}

INSTANTIATE_TEST_SUITE_P(AllDepths, PngTransparencyTest, Combine(Values(1, 2, 4, 8, 16), testing::Bool()));

class PngColourKeyTest : public testing::TestWithParam<std::tuple<int, bool>> {};

TEST_P(PngColourKeyTest, LaysTheTransparentColourOverWhite) {
  const auto [depth, is_interlaced] = GetParam();
  const uint16_t unit = depth == 8 ? 1 : 257;
  const png_color_16 key = {.red = static_cast<png_uint_16>(200 * unit), .green = 0, .blue = unit};
  const auto near_key = static_cast<uint16_t>(key.blue + 1);
  const auto image = Decode(WritePng({.width = 3,
                                      .bit_depth = depth,
                                      .colour_type = PNG_COLOR_TYPE_RGB,
                                      .is_interlaced = is_interlaced,
                                      .samples = {key.red, key.green, key.blue, key.red, key.green, near_key, key.red,
                                                  static_cast<uint16_t>(unit * 9), key.blue},
                                      .transparent = key}));
  ASSERT_TRUE(image.ok()) << image.status();
  EXPECT_THAT(RgbAt(*image, 0, 0), ElementsAre(255, 255, 255));
  EXPECT_THAT(RgbAt(*image, 1, 0), ElementsAre(200, 0, depth == 8 ? 2 : 1));  // in 16 bits, beside the key
  EXPECT_THAT(RgbAt(*image, 2, 0), ElementsAre(200, 9, 1));
}

INSTANTIATE_TEST_SUITE_P(AllDepths, PngColourKeyTest, Combine(Values(8, 16), testing::Bool()));

class PngPaletteTest : public testing::TestWithParam<std::tuple<int, bool>> {};

TEST_P(PngPaletteTest, LaysTransparentEntriesOverWhite) {
  const auto [depth, is_interlaced] = GetParam();
  const auto image = Decode(WritePng({.width = 4,
                                      .bit_depth = depth,
                                      .colour_type = PNG_COLOR_TYPE_PALETTE,
                                      .is_interlaced = is_interlaced,
                                      .samples = {0, 1, 1, 0},
                                      .palette = {{200, 0, 0}, {0, 100, 0}},
                                      .palette_alpha = {0}}));
  ASSERT_TRUE(image.ok()) << image.status();
  EXPECT_THAT(RgbAt(*image, 0, 0), ElementsAre(255, 255, 255));
  EXPECT_THAT(RgbAt(*image, 1, 0), ElementsAre(0, 100, 0));  // an entry without alpha is opaque
}

INSTANTIATE_TEST_SUITE_P(AllDepths, PngPaletteTest, Combine(Values(1, 2, 4, 8), testing::Bool()));

// The PNG specification, 11.3.2.1: of a key wider than the depth, only the lower bits count.
TEST(PngTransparencyTest, MasksTheKeyToTheDepth) {
  const std::string key = PngChunk("tRNS", "\x01\x5A");
  const auto image = Decode(MakePng({.width = 2, .colour_type = 0, .rows = {"\x5A\x5B"}, .before_pixels = key}));
  ASSERT_TRUE(image.ok()) << image.status();
  EXPECT_EQ(RgbAt(*image, 0, 0), Grey(255));
  EXPECT_EQ(RgbAt(*image, 1, 0), Grey(91));
}

}  // namespace
}  // namespace ruyi
