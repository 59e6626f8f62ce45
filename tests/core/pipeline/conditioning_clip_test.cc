#include "core/pipeline/ruyi/conditioning_clip.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/TensorBody.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/pipeline/ruyi/image_tensor.h"
#include "tests/support/noisy_image.h"
#include "tests/support/video_input.h"

namespace ruyi {
namespace {

using testing::Each;
using testing::ElementsAre;

constexpr int kUnknown = ConditioningClip::kUnknown;
constexpr PixelSize kSize = {.width = 16, .height = 8};

VideoInput InputOf(const std::vector<RgbImage>& start, const std::vector<RgbImage>& end) {
  VideoInput input;
  input.spec.size = kSize;
  input.spec.frame_count = 8;
  input.SetPictures(start, end);
  return input;
}

// Returns pictures of noise, each from a seed of its own.
std::vector<RgbImage> Pictures(int count, uint32_t first_seed) {
  std::vector<RgbImage> pictures;
  for (int i = 0; i < count; ++i)
    pictures.push_back(NoisyImage(kSize, first_seed + i));
  return pictures;
}

ConditioningClip ClipOf(const VideoInput& input) {
  return MakeConditioningClip(input.spec, input.pictures);
}

ConditioningClip ClipOf(int starts, int ends) {
  return ClipOf(InputOf(Pictures(starts, 0), Pictures(ends, 100)));
}

TEST(ConditioningClip, StartPicturesTakeTheFirstFrames) {
  EXPECT_THAT(ClipOf(1, 0).frames,
              ElementsAre(0, kUnknown, kUnknown, kUnknown, kUnknown, kUnknown, kUnknown, kUnknown));
  EXPECT_THAT(ClipOf(3, 0).frames, ElementsAre(0, 1, 2, kUnknown, kUnknown, kUnknown, kUnknown, kUnknown));
}

TEST(ConditioningClip, EndPicturesTakeTheLastFramesInTheirOrder) {
  const ConditioningClip clip = ClipOf(1, 3);
  EXPECT_THAT(clip.frames, ElementsAre(0, kUnknown, kUnknown, kUnknown, kUnknown, 1, 2, 3));
  ASSERT_EQ(clip.images.size(), 4);
  EXPECT_EQ(clip.images[3].pixels, NoisyImage(kSize, 102).pixels);
}

TEST(ConditioningClip, EndPicturesWinWhereTheyMeetStartPictures) {
  EXPECT_THAT(ClipOf(5, 4).frames, ElementsAre(0, 1, 2, 3, 5, 6, 7, 8));
  EXPECT_THAT(ClipOf(8, 8).frames, ElementsAre(8, 9, 10, 11, 12, 13, 14, 15));
}

TEST(ConditioningClip, ShowsPicturesBetweenMinusOneAndOne) {
  const VideoInput input = InputOf({PlainImage(kSize, 0, 255, 51)}, Pictures(1, 100));
  const at::Tensor pictures = ClipOf(input).Pictures(0, 8);
  ASSERT_EQ(pictures.sizes(), (std::vector<int64_t>{1, 3, 8, kSize.height, kSize.width}));
  EXPECT_EQ(pictures.scalar_type(), at::kFloat);
  EXPECT_EQ(pictures[0][0][0][3][5].item<float>(), -1);
  EXPECT_EQ(pictures[0][1][0][3][5].item<float>(), 1);
  EXPECT_NEAR(pictures[0][2][0][3][5].item<float>(), -0.6, 1e-6);
  EXPECT_TRUE(at::equal(pictures.narrow(2, 1, 6), at::full({1, 3, 6, kSize.height, kSize.width}, -1.0, at::kFloat)));
  const at::Tensor last = TensorOf(input.pictures[1]).to(at::kFloat) / 127.5 - 1;
  EXPECT_TRUE(at::allclose(pictures[0].select(1, 7), last, 0, 1e-6));
}

TEST(ConditioningClip, MasksWhatIsUnknown) {
  const ConditioningClip clip = ClipOf(2, 1);
  const at::Tensor mask = clip.Mask(0, 8);
  ASSERT_EQ(mask.sizes(), (std::vector<int64_t>{1, 3, 8, kSize.height, kSize.width}));
  std::vector<float> frames;
  for (int i = 0; i < 8; ++i) {
    frames.push_back(mask[0][1][i][2][3].item<float>());
    EXPECT_TRUE(at::equal(mask.select(2, i), at::full({1, 3, kSize.height, kSize.width}, frames.back())));
  }
  EXPECT_THAT(frames, ElementsAre(0, 0, 1, 1, 1, 1, 1, 0));
}

TEST(ConditioningClip, APartShowsItsFramesOnly) {
  const ConditioningClip clip = ClipOf(2, 2);
  EXPECT_TRUE(at::equal(clip.Pictures(5, 3), clip.Pictures(0, 8).narrow(2, 5, 3)));
  EXPECT_TRUE(at::equal(clip.Mask(1, 6), clip.Mask(0, 8).narrow(2, 1, 6)));
}

TEST(ImageTensor, PicturesComeBackAsTheyWere) {
  const RgbImage image = NoisyImage(kSize);
  const at::Tensor tensor = TensorOf(image);
  ASSERT_EQ(tensor.sizes(), (std::vector<int64_t>{3, kSize.height, kSize.width}));
  EXPECT_EQ(tensor[2][3][5].item<int>(), image.pixels[3 * image.row_bytes() + 5 * 3 + 2]);
  const RgbImage back = ImageOf(tensor.permute({1, 2, 0}).contiguous());
  EXPECT_EQ(back.width, kSize.width);
  EXPECT_EQ(back.height, kSize.height);
  EXPECT_EQ(back.pixels, image.pixels);
}

TEST(ImageTensor, FractionsAreCutOff) {
  const auto byte_of = [](double value) {
    const at::Tensor pixels = PixelsOf(at::full({3, 2, 4, 6}, value, at::kDouble));
    EXPECT_EQ(pixels.sizes(), (std::vector<int64_t>{2, 4, 6, 3}));
    return pixels[1][3][5][2].item<int>();
  };
  EXPECT_EQ(byte_of(0), 0);
  EXPECT_EQ(byte_of(0.999 / 255), 0);
  EXPECT_EQ(byte_of(1.5 / 255), 1);
  EXPECT_EQ(byte_of(254.9 / 255), 254);
  EXPECT_EQ(byte_of(1), 255);
}

}  // namespace
}  // namespace ruyi
