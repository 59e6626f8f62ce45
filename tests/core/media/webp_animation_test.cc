// Tests animated WebP files: their first frame on the canvas.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <webp/mux.h>

#include <opencv2/imgcodecs.hpp>
#include <string>
#include <tuple>
#include <vector>

#include "core/base/error_info.h"
#include "core/base/error_reasons.h"
#include "core/media/opencv/opencv_image_decoder.h"
#include "tests/core/media/test_pictures.h"

namespace ruyi {
namespace {

using ::testing::ElementsAre;

struct AnimationFrame {
  std::string webp;  // a still picture
  int x = 0;         // pixels, even
  int y = 0;
};

std::string Animation(int canvas_width, int canvas_height, const std::vector<AnimationFrame>& frames) {
  WebPMux* mux = WebPMuxNew();
  for (const AnimationFrame& frame : frames) {
    const WebPMuxFrameInfo info = {
        .bitstream = {reinterpret_cast<const uint8_t*>(frame.webp.data()), frame.webp.size()},
        .x_offset = frame.x,
        .y_offset = frame.y,
        .duration = 100,
        .id = WEBP_CHUNK_ANMF,
        .dispose_method = WEBP_MUX_DISPOSE_NONE,
        .blend_method = WEBP_MUX_BLEND};
    EXPECT_EQ(WebPMuxPushFrame(mux, &info, 1), WEBP_MUX_OK);
  }
  const WebPMuxAnimParams parameters = {.bgcolor = 0xFF00FF00, .loop_count = 0};
  EXPECT_EQ(WebPMuxSetAnimationParams(mux, &parameters), WEBP_MUX_OK);
  EXPECT_EQ(WebPMuxSetCanvasSize(mux, canvas_width, canvas_height), WEBP_MUX_OK);
  WebPData data = {};
  EXPECT_EQ(WebPMuxAssemble(mux, &data), WEBP_MUX_OK);
  std::string file(reinterpret_cast<const char*>(data.bytes), data.size);
  WebPDataClear(&data);
  WebPMuxDelete(mux);
  return file;
}

constexpr int kLossless = 101;

std::string Still(const cv::Mat& image, int quality) {
  return EncodePicture(".webp", image, {cv::IMWRITE_WEBP_QUALITY, quality});
}

cv::Mat Plain(int width, int height, const cv::Scalar& colour) {
  return cv::Mat(height, width, colour[3] < 0 ? CV_8UC3 : CV_8UC4, colour);
}

const cv::Scalar kRed(0, 0, 200, -1), kBlue(200, 0, 0, -1);

RgbImage MustDecode(const std::string& bytes) {
  const auto image = Decode(bytes);
  EXPECT_TRUE(image.ok()) << image.status();
  return image.value_or(RgbImage{.width = 32, .height = 24, .pixels = std::vector<uint8_t>(32 * 24 * 3)});
}

class WebpAnimationTest : public testing::TestWithParam<int> {};

TEST_P(WebpAnimationTest, TakesTheFirstFrame) {
  const std::string red = Still(Plain(32, 24, kRed), GetParam()), blue = Still(Plain(32, 24, kBlue), GetParam());
  for (const std::vector<AnimationFrame>& frames :
       {std::vector<AnimationFrame>{{red}}, std::vector<AnimationFrame>{{red}, {blue}, {red}}}) {
    const RgbImage image = MustDecode(Animation(32, 24, frames));
    EXPECT_EQ(image.width, 32);
    EXPECT_EQ(image.height, 24);
    EXPECT_NEAR(RgbAt(image, 16, 12)[0], 200, 6);
    EXPECT_NEAR(RgbAt(image, 16, 12)[2], 0, 6);
  }
}

TEST_P(WebpAnimationTest, LaysTheFramesAlphaOverWhite) {
  const std::string clear = Still(Plain(32, 24, {0, 0, 200, 0}), GetParam());
  const std::string half = Still(Plain(32, 24, {0, 0, 200, 51}), GetParam());
  EXPECT_THAT(RgbAt(MustDecode(Animation(32, 24, {{clear}, {half}})), 16, 12), ElementsAre(255, 255, 255));
  const std::vector<int> pixel = RgbAt(MustDecode(Animation(32, 24, {{half}, {clear}})), 16, 12);
  EXPECT_NEAR(pixel[0], 244, 2);
  EXPECT_NEAR(pixel[1], 204, 2);
}

TEST_P(WebpAnimationTest, PutsASmallFrameAtItsPlace) {
  const std::string red = Still(Plain(8, 6, kRed), GetParam());
  const RgbImage image = MustDecode(Animation(32, 24, {{red, 10, 14}, {Still(Plain(32, 24, kBlue), GetParam())}}));
  EXPECT_EQ(image.width, 32);
  EXPECT_EQ(image.height, 24);
  EXPECT_NEAR(RgbAt(image, 10, 14)[0], 200, 6);
  EXPECT_NEAR(RgbAt(image, 17, 19)[0], 200, 6);
  for (const auto& [x, y] : {std::tuple{9, 14}, {18, 19}, {10, 13}, {17, 20}, {0, 0}, {31, 23}})
    EXPECT_THAT(RgbAt(image, x, y), ElementsAre(255, 255, 255)) << x << ", " << y;
}

INSTANTIATE_TEST_SUITE_P(LossyAndLossless, WebpAnimationTest, testing::Values(100, kLossless));

TEST(WebpAnimationTest, IsRefusedWhenCutOff) {
  const std::string red = Still(Plain(32, 24, kRed), 90);
  const std::string file = Animation(32, 24, {{red}, {Still(Plain(32, 24, kBlue), 90)}});
  for (size_t size = 12; size < file.size(); ++size)
    EXPECT_EQ(Decode(file.substr(0, size)).status().code(), absl::StatusCode::kInvalidArgument) << size;
}

TEST(WebpAnimationTest, IsRefusedWhenItsCanvasIsTooLarge) {
  const std::string file = Animation(32, 24, {{Still(Plain(8, 6, kRed), 90)}});
  const absl::Status status = OpencvImageDecoder().Decode(file, {.max_pixels = 32 * 24 - 1}).status();
  EXPECT_EQ(GetErrorInfo(status).reason, reason::kImageTooLarge) << status;
}

// libwebp takes canvases of up to 2³² pixels, and says that larger ones are damaged.
TEST(WebpAnimationTest, IsTooLargeBeyondLibwebpsOwnLimit) {
  std::string file = Animation(32, 24, {{Still(Plain(8, 6, kRed), 90)}});
  constexpr size_t kCanvasOffset = 24;
  file.replace(kCanvasOffset, 6, 6, '\xFF');
  const absl::Status status = Decode(file).status();
  EXPECT_EQ(GetErrorInfo(status).reason, reason::kImageTooLarge) << status;
}

TEST(WebpAnimationTest, IsRefusedWhenAFrameLeavesTheCanvas) {
  std::string file = Animation(32, 24, {{Still(Plain(8, 6, kRed), 90), 24, 18}});
  ASSERT_TRUE(Decode(file).ok());
  file[file.find("ANMF") + 8] = 13;  // x offset, in units of two pixels
  EXPECT_EQ(Decode(file).status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace ruyi
