// Tests what the encoding's settings change, and what they must not change.
#include "core/media/encoding_settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "core/media/ffmpeg/ffmpeg_video_encoder.h"
#include "core/media/ffmpeg/yuv_converter.h"
#include "tests/core/media/video_probe.h"
#include "tests/support/temporary_folder.h"

extern "C" {
#include <libavutil/cpu.h>
}

namespace ruyi {
namespace {

using ::testing::ElementsAre;

constexpr int kWidth = 96, kHeight = 64, kFrames = 12;

VideoFormat Format(const EncodingSettings& encoding) {
  return {.width = kWidth, .height = kHeight, .frame_count = kFrames, .encoding = encoding};
}

// A pattern that moves under noise, so that x264 has something to search for.
std::vector<RgbImage> MovingFrames() {
  std::vector<RgbImage> frames;
  uint32_t noise = 1;
  for (int i = 0; i < kFrames; ++i) {
    RgbImage frame = GreyFrame(kWidth, kHeight, 0);
    for (int y = 0; y < kHeight; ++y)
      for (int x = 0; x < kWidth * 3; ++x) {
        noise = noise * 1664525 + 1013904223;
        const int pattern = ((x / 3 + 2 * i) / 7 * 40 + (y + i) / 5 * 30) % 200;
        frame.pixels[y * frame.row_bytes() + x] = static_cast<uint8_t>(pattern + (noise >> 24) % 32);
      }
    frames.push_back(frame);
  }
  return frames;
}

std::string Encode(const EncodingSettings& encoding) {
  return EncodeVideo(MovingFrames(), Format(encoding));
}

std::string PlaneBytes(const AVFrame& frame) {
  std::string bytes;
  for (int plane = 0; plane < 3; ++plane) {
    const int width = plane == 0 ? kWidth : kWidth / 2, height = plane == 0 ? kHeight : kHeight / 2;
    for (int y = 0; y < height; ++y)
      bytes.append(reinterpret_cast<const char*>(frame.data[plane]) + y * frame.linesize[plane], width);
  }
  return bytes;
}

std::string MovingFramesInYuv() {
  auto converter = YuvConverter::Create(kWidth, kHeight);
  EXPECT_TRUE(converter.ok()) << converter.status();
  std::string bytes;
  for (const RgbImage& frame : MovingFrames())
    bytes += PlaneBytes(**converter->Convert(frame));
  return bytes;
}

// A video's slices, without what describes them.
std::string Slices(const std::string& input_options) {
  const ProgramOutput result = RunProgram("ffmpeg -v error -nostdin " + input_options +
                                          ",filter_units=pass_types=1-5' -f h264 - | od -An -tx1 -v | tr -d ' \\n'");
  EXPECT_EQ(result.exit_code, 0) << result.output;
  return result.output;
}

absl::Status StatusOf(const EncodingSettings& encoding) {
  RecordingSink sink;
  return FfmpegVideoEncoderFactory().Create(Format(encoding), &sink).status();
}

class EncoderPresetTest : public testing::TestWithParam<int> {
 protected:
  EncoderPreset preset() const { return static_cast<EncoderPreset>(GetParam()); }
};

TEST_P(EncoderPresetTest, CanBePlayed) {
  const TemporaryFolder folder;
  for (const bool faststart : {false, true}) {
    const std::string file = Encode({.preset = preset(), .faststart = faststart});
    EXPECT_EQ(DecodeYuv(folder.Write("video.mp4", file), kWidth, kHeight).size(), size_t{kFrames});
  }
}

TEST_P(EncoderPresetTest, GivesTheSameBytesOnOneCore) {
  const std::string expected = Encode({.preset = preset()});
  cpu_set_t all, one;
  ASSERT_EQ(sched_getaffinity(0, sizeof(all), &all), 0);
  CPU_ZERO(&one);
  CPU_SET(sched_getcpu(), &one);
  ASSERT_EQ(sched_setaffinity(0, sizeof(one), &one), 0);
  const std::string found = Encode({.preset = preset()});
  ASSERT_EQ(sched_setaffinity(0, sizeof(all), &all), 0);
  EXPECT_EQ(found, expected);
}

// The same encoder in another program, told to do without this processor's instructions.
TEST_P(EncoderPresetTest, GivesTheSameBytesOnAnotherProcessor) {
  const TemporaryFolder folder;
  const auto video = folder.Write("video.mp4", Encode({.preset = preset()}));
  const auto yuv = folder.Write("frames.yuv", MovingFramesInYuv());
  const std::string found = Slices(absl::StrFormat("-i '%s' -c copy -bsf:v 'h264_mp4toannexb", video.string()));
  const std::string expected = Slices(absl::StrFormat(
      "-f rawvideo -pix_fmt yuv420p -s %dx%d -r 24 -i '%s' -c:v libx264 -preset %s -tune zerolatency -profile:v high "
      "-crf 18 -g 8 -bf 0 -sc_threshold 0 -threads 1 -x264-params cpu-independent=1:asm=0 -bsf:v 'null",
      kWidth, kHeight, yuv.string(), kEncoderPresetNames[GetParam()]));
  EXPECT_FALSE(found.empty());
  EXPECT_EQ(found, expected);
}

INSTANTIATE_TEST_SUITE_P(AllPresets, EncoderPresetTest, testing::Range(0, 9));

TEST(EncodingSettingsTest, ConvertTheSameColoursOnAnotherProcessor) {
  const std::string expected = MovingFramesInYuv();
  av_force_cpu_flags(0);
  const std::string found = MovingFramesInYuv();
  av_force_cpu_flags(-1);
  EXPECT_EQ(found, expected);
}

TEST(EncodingSettingsTest, MakeSmallerFilesOfAHigherRateFactor) {
  EXPECT_LT(Encode({.crf = 51}).size(), Encode({.crf = 30}).size());
  EXPECT_LT(Encode({.crf = 30}).size(), Encode({.crf = 18}).size());
  EXPECT_LT(Encode({.crf = 18}).size(), Encode({.crf = 1}).size());
}

TEST(EncodingSettingsTest, AreLosslessAtZero) {
  const TemporaryFolder folder;
  const auto frames = DecodeYuv(folder.Write("video.mp4", Encode({.crf = 0})), kWidth, kHeight);
  std::string bytes;
  for (const YuvFrame& frame : frames)
    bytes += frame.luma + frame.blue_difference + frame.red_difference;
  EXPECT_EQ(bytes, MovingFramesInYuv());
}

TEST(EncodingSettingsTest, MakeSmallerFilesOfASlowerPreset) {
  EXPECT_LT(Encode({.preset = EncoderPreset::kMedium}).size(), Encode({.preset = EncoderPreset::kUltrafast}).size());
}

std::vector<int> KeyFrames(const std::filesystem::path& video) {
  const ProgramOutput result =
      RunProgram("ffprobe -v error -show_entries packet=flags -of csv=p=0 '" + video.string() + "'");
  std::vector<int> key_frames;
  std::istringstream lines(result.output);
  std::string line;
  for (int i = 0; std::getline(lines, line); ++i)
    if (line.starts_with("K"))
      key_frames.push_back(i);
  return key_frames;
}

TEST(EncodingSettingsTest, ChooseTheFramesOfAFragment) {
  const TemporaryFolder folder;
  for (const bool faststart : {false, true}) {
    const auto video = folder.Write("video.mp4", Encode({.fragment_frames = 5, .faststart = faststart}));
    EXPECT_THAT(KeyFrames(video), ElementsAre(0, 5, 10));
  }
  const auto single = folder.Write("video.mp4", Encode({.fragment_frames = 1}));
  EXPECT_EQ(KeyFrames(single).size(), size_t{kFrames});
  EXPECT_EQ(DecodeYuv(single, kWidth, kHeight).size(), size_t{kFrames});
  EXPECT_THAT(KeyFrames(folder.Write("video.mp4", Encode({.fragment_frames = 120}))), ElementsAre(0));
}

TEST(EncodingSettingsTest, SendEachFragmentWithItsLastFrame) {
  RecordingSink sink;
  const auto encoder = FfmpegVideoEncoderFactory().Create(Format({.fragment_frames = 3}), &sink);
  ASSERT_TRUE(encoder.ok()) << encoder.status();
  std::vector<int> writes;
  for (const RgbImage& frame : MovingFrames()) {
    EXPECT_EQ((*encoder)->AddFrame(frame), absl::OkStatus());
    writes.push_back(sink.write_count());
  }
  EXPECT_THAT(writes, ElementsAre(1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4, 5));
}

TEST(EncodingSettingsTest, AreRefusedOutOfTheirRanges) {
  EXPECT_EQ(StatusOf({.crf = -1}), absl::InvalidArgumentError("crf is -1; it must be from 0 to 51"));
  EXPECT_EQ(StatusOf({.crf = 52}), absl::InvalidArgumentError("crf is 52; it must be from 0 to 51"));
  EXPECT_EQ(StatusOf({.fragment_frames = 0}),
            absl::InvalidArgumentError("fragment_frames is 0; it must be from 1 to 120"));
  EXPECT_EQ(StatusOf({.fragment_frames = 121}),
            absl::InvalidArgumentError("fragment_frames is 121; it must be from 1 to 120"));
}

TEST(EncodingSettingsTest, AreTakenAtTheEndsOfTheirRanges) {
  for (const int crf : {kMinCrf, kMaxCrf})
    EXPECT_EQ(StatusOf({.crf = crf}), absl::OkStatus());
  for (const int fragment_frames : {kMinFragmentFrames, kMaxFragmentFrames})
    EXPECT_EQ(StatusOf({.fragment_frames = fragment_frames}), absl::OkStatus());
}

}  // namespace
}  // namespace ruyi
