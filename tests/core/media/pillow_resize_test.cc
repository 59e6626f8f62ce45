#include "core/media/pillow_resize.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/noisy_image.h"

namespace ruyi {
namespace {

using testing::Each;

constexpr PixelSize kSize = {.width = 24, .height = 20};

TEST(ResizeLikePillow, LeavesAPictureOfThatSizeAlone) {
  const RgbImage image = NoisyImage(kSize);
  EXPECT_EQ(ResizeLikePillow(image, kSize).pixels, image.pixels);
}

TEST(ResizeLikePillow, KeepsAConstantPictureConstant) {
  const RgbImage image = PlainImage(kSize, 3, 128, 255);
  for (const PixelSize size : {PixelSize{48, 40}, PixelSize{7, 5}, PixelSize{60, 3}, PixelSize{5, 61}, PixelSize{24, 6},
                               PixelSize{6, 20}, PixelSize{1, 1}, PixelSize{25, 19}}) {
    const RgbImage resized = ResizeLikePillow(image, size);
    EXPECT_EQ(resized.width, size.width);
    EXPECT_EQ(resized.height, size.height);
    EXPECT_EQ(resized.pixels, PlainImage(size, 3, 128, 255).pixels) << size.width << "x" << size.height;
  }
}

TEST(ResizeLikePillow, TakesASinglePixel) {
  EXPECT_EQ(ResizeLikePillow(PlainImage({1, 1}, 9, 8, 7), {3, 2}).pixels, PlainImage({3, 2}, 9, 8, 7).pixels);
}

RgbImage ColumnsFirst(const RgbImage& image, PixelSize size) {
  return ResizeLikePillow(ResizeLikePillow(image, {image.width, size.height}), size);
}

RgbImage RowsFirst(const RgbImage& image, PixelSize size) {
  return ResizeLikePillow(ResizeLikePillow(image, {size.width, image.height}), size);
}

// Pillow 13 resizes the height first when it shrinks by more than twice what the width does.
TEST(ResizeLikePillow, BeginsWithTheHeightWhenThatLeavesLess) {
  for (const PixelSize size : {PixelSize{20, 8}, PixelSize{40, 8}}) {
    const RgbImage image = NoisyImage(kSize);
    EXPECT_EQ(ResizeLikePillow(image, size).pixels, ColumnsFirst(image, size).pixels);
    EXPECT_NE(ResizeLikePillow(image, size).pixels, RowsFirst(image, size).pixels);
  }
}

TEST(ResizeLikePillow, BeginsWithTheWidthElsewhere) {
  for (const PixelSize size : {PixelSize{18, 8}, PixelSize{12, 40}, PixelSize{48, 41}, PixelSize{12, 10}}) {
    const RgbImage image = NoisyImage(kSize);
    EXPECT_EQ(ResizeLikePillow(image, size).pixels, RowsFirst(image, size).pixels);
    EXPECT_NE(ResizeLikePillow(image, size).pixels, ColumnsFirst(image, size).pixels);
  }
}

TEST(ResizeLikePillow, KeepsTheChannelsApart) {
  RgbImage image = NoisyImage(kSize);
  for (size_t i = 1; i < image.pixels.size(); i += 3)
    image.pixels[i] = 77;
  const RgbImage resized = ResizeLikePillow(image, {33, 9});
  for (size_t i = 1; i < resized.pixels.size(); i += 3)
    EXPECT_EQ(resized.pixels[i], 77);
}

// Cubic convolution overshoots at an edge; bytes must not wrap around.
TEST(ResizeLikePillow, StaysInRangeAtAnEdge) {
  RgbImage image = PlainImage({8, 8}, 0, 0, 0);
  for (int y = 0; y < 8; ++y)
    std::fill_n(image.pixels.begin() + y * image.row_bytes() + 12, 12, 255);
  const RgbImage resized = ResizeLikePillow(image, {32, 8});
  const auto row = resized.pixels.begin();
  EXPECT_THAT(std::vector<uint8_t>(row, row + 3 * 14), Each(0));
  EXPECT_THAT(std::vector<uint8_t>(row + 3 * 18, row + 3 * 32), Each(255));
}

// Antialiasing: every pixel of a picture that shrinks counts.
TEST(ResizeLikePillow, AveragesStripes) {
  RgbImage image = PlainImage({32, 4}, 0, 0, 0);
  for (size_t i = 0; i < image.pixels.size(); i += 6)
    std::fill_n(image.pixels.begin() + i, 3, 200);
  const RgbImage resized = ResizeLikePillow(image, {8, 4});
  EXPECT_THAT(std::vector<uint8_t>(resized.pixels.begin() + 6, resized.pixels.begin() + 18),
              Each(testing::AllOf(testing::Ge(96), testing::Le(104))));
}

}  // namespace
}  // namespace ruyi
