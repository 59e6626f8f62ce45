// Tests what other programs find in the encoder's files.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <iterator>
#include <map>
#include <opencv2/core.hpp>
#include <opencv2/videoio.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "tests/core/media/video_probe.h"
#include "tests/support/temporary_folder.h"

namespace ruyi {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Key;
using ::testing::Not;

struct Patch {
  const char* name;
  uint8_t red, green, blue;
  int luma, blue_difference, red_difference;  // ITU-R BT.709-6, 8-bit limited range
};

constexpr Patch kPatches[] = {
    {"red", 255, 0, 0, 63, 102, 240},        {"green", 0, 255, 0, 173, 42, 26}, {"blue", 0, 0, 255, 32, 240, 118},
    {"white", 255, 255, 255, 235, 128, 128}, {"black", 0, 0, 0, 16, 128, 128},  {"skin", 224, 172, 105, 170, 95, 155},
};
constexpr int kPatchWidth = 32;
constexpr int kPatchesWidth = kPatchWidth * std::size(kPatches);
constexpr int kPatchesHeight = 32;

// The patches side by side.
RgbImage PatchFrame() {
  RgbImage frame = {.width = kPatchesWidth, .height = kPatchesHeight};
  for (int y = 0; y < kPatchesHeight; ++y)
    for (const Patch& patch : kPatches)
      for (int x = 0; x < kPatchWidth; ++x)
        frame.pixels.insert(frame.pixels.end(), {patch.red, patch.green, patch.blue});
  return frame;
}

TEST(VideoFileTest, HasTheFramesThatWereAdded) {
  const TemporaryFolder folder;
  cv::VideoCapture video(folder.Write("video.mp4", EncodeBusyVideo(24)).string(), cv::CAP_FFMPEG);
  ASSERT_TRUE(video.isOpened());
  int frame_count = 0;
  for (cv::Mat frame; video.read(frame); ++frame_count)
    EXPECT_EQ(frame.size(), cv::Size(64, 48));
  EXPECT_EQ(frame_count, 24);
  EXPECT_EQ(video.get(cv::CAP_PROP_FPS), 24);
}

TEST(VideoFileTest, KeepsTheFramesInOrder) {
  const TemporaryFolder folder;
  std::vector<RgbImage> frames;
  for (int i = 0; i < 24; ++i)
    frames.push_back(GreyFrame(64, 48, static_cast<uint8_t>(10 * i)));
  const std::vector<YuvFrame> decoded = DecodeYuv(folder.Write("video.mp4", EncodeVideo(frames)), 64, 48);
  ASSERT_EQ(decoded.size(), frames.size());
  for (int i = 0; i < 24; ++i)
    EXPECT_NEAR(decoded[i].At(20, 20)[0], 16 + 10 * i * 219 / 255.0, 2) << i;
}

TEST(VideoFileTest, StoresColoursAsLimitedRangeBt709) {
  const TemporaryFolder folder;
  const std::vector<RgbImage> frames(8, PatchFrame());
  const auto decoded = DecodeYuv(folder.Write("video.mp4", EncodeVideo(frames)), kPatchesWidth, kPatchesHeight);
  ASSERT_EQ(decoded.size(), 8u);
  for (const YuvFrame& frame : decoded) {
    int centre = kPatchWidth / 2;
    for (const Patch& patch : kPatches) {
      const std::vector<int> found = frame.At(centre, kPatchesHeight / 2);
      EXPECT_NEAR(found[0], patch.luma, 2) << patch.name;
      EXPECT_NEAR(found[1], patch.blue_difference, 2) << patch.name;
      EXPECT_NEAR(found[2], patch.red_difference, 2) << patch.name;
      centre += kPatchWidth;
    }
  }
}

// OpenCV ignores the matrix that the file names and takes BT.601's, so the tolerance is wide: this sees swapped
// channels and a wrong range, the test above sees the rest.
TEST(VideoFileTest, ShowsItsColoursInOpencv) {
  const TemporaryFolder folder;
  const std::vector<RgbImage> frames(8, PatchFrame());
  cv::VideoCapture video(folder.Write("video.mp4", EncodeVideo(frames)).string(), cv::CAP_FFMPEG);
  cv::Mat frame;
  ASSERT_TRUE(video.read(frame));
  int centre = kPatchWidth / 2;
  for (const Patch& patch : kPatches) {
    const cv::Vec3b bgr = frame.at<cv::Vec3b>(kPatchesHeight / 2, centre);
    EXPECT_NEAR(bgr[2], patch.red, 40) << patch.name;
    EXPECT_NEAR(bgr[1], patch.green, 40) << patch.name;
    EXPECT_NEAR(bgr[0], patch.blue, 40) << patch.name;
    centre += kPatchWidth;
  }
}

TEST(VideoFileTest, IsDescribedInFull) {
  const TemporaryFolder folder;
  auto probe = Probe(folder.Write("video.mp4", EncodeBusyVideo(24)));
  EXPECT_THAT(probe, Not(Contains(Key("complaint"))));
  EXPECT_EQ(probe["format.nb_streams"], "1");
  EXPECT_EQ(probe["streams.stream.0.codec_name"], "h264");
  EXPECT_EQ(probe["streams.stream.0.profile"], "High");
  EXPECT_EQ(probe["streams.stream.0.width"], "64");
  EXPECT_EQ(probe["streams.stream.0.height"], "48");
  EXPECT_EQ(probe["streams.stream.0.sample_aspect_ratio"], "1:1");
  EXPECT_EQ(probe["streams.stream.0.has_b_frames"], "0");
  EXPECT_EQ(probe["streams.stream.0.r_frame_rate"], "24/1");
  EXPECT_EQ(probe["streams.stream.0.avg_frame_rate"], "24/1");
}

TEST(VideoFileTest, NamesItsColourSpace) {
  const TemporaryFolder folder;
  auto probe = Probe(folder.Write("video.mp4", EncodeBusyVideo(8)));
  EXPECT_EQ(probe["streams.stream.0.pix_fmt"], "yuv420p");
  EXPECT_EQ(probe["streams.stream.0.color_range"], "tv");
  EXPECT_EQ(probe["streams.stream.0.color_space"], "bt709");
  EXPECT_EQ(probe["streams.stream.0.color_transfer"], "bt709");
  EXPECT_EQ(probe["streams.stream.0.color_primaries"], "bt709");
  EXPECT_EQ(probe["streams.stream.0.chroma_location"], "left");
}

TEST(VideoFileTest, LastsExactlyItsFrames) {
  const TemporaryFolder folder;
  for (const auto& [frame_count, duration] :
       std::map<int, std::string>{{8, "0.333333"}, {20, "0.833333"}, {24, "1.000000"}, {120, "5.000000"}}) {
    auto probe = Probe(folder.Write("video.mp4", EncodeBusyVideo(frame_count)));
    EXPECT_THAT(probe, Not(Contains(Key("complaint"))));
    EXPECT_EQ(probe["format.start_time"], "0.000000");
    EXPECT_EQ(probe["format.duration"], duration);
    EXPECT_EQ(probe["streams.stream.0.duration"], duration);
  }
}

TEST(VideoFileTest, OpensEachFragmentWithAKeyFrame) {
  const TemporaryFolder folder;
  const auto video = folder.Write("video.mp4", EncodeBusyVideo(24));
  const ProgramOutput result =
      RunProgram("ffprobe -v error -show_entries packet=flags -of csv=p=0 '" + video.string() + "'");
  std::vector<int> key_frames;
  std::istringstream lines(result.output);
  std::string line;
  for (int i = 0; std::getline(lines, line); ++i)
    if (line.starts_with("K"))
      key_frames.push_back(i);
  EXPECT_THAT(key_frames, ElementsAre(0, 8, 16));
}

}  // namespace
}  // namespace ruyi
