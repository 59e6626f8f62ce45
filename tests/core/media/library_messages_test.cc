// Tests that messages of libpng, libjpeg, OpenCV and FFmpeg go to the program's log, and not to standard error.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <opencv2/core.hpp>
#include <string>
#include <vector>

#include "core/base/library_log.h"
#include "core/media/ffmpeg/ffmpeg_video_encoder.h"
#include "core/media/opencv/opencv_image_decoder.h"
#include "tests/core/media/jpeg_writer.h"
#include "tests/core/media/test_pictures.h"
#include "tests/core/media/video_probe.h"

namespace ruyi {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

class LibraryMessagesTest : public testing::Test {
 protected:
  void SetUp() override {
    SetLibraryLog([this](std::string_view library, std::string_view message) {
      lines_.push_back(std::string(library) + ": " + std::string(message));
    });
    testing::internal::CaptureStderr();
  }

  void TearDown() override {
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
    SetLibraryLog(nullptr);
  }

  std::vector<std::string> lines_;
};

constexpr size_t kAfterHeader = 33;  // in a PNG file: signature and IHDR

std::string PngWith(const std::string& chunk) {
  const std::string png = EncodePicture(".png", QuartersBgr());
  return png.substr(0, kAfterHeader) + chunk + png.substr(kAfterHeader);
}

TEST_F(LibraryMessagesTest, ComeFromLibpng) {
  std::string text = PngChunk("tEXt", "Comment");
  text.back() ^= 1;  // its CRC
  EXPECT_TRUE(Decode(PngWith(text)).ok());
  EXPECT_THAT(lines_, Contains(HasSubstr("libpng: tEXt: CRC error")));
}

TEST_F(LibraryMessagesTest, AreOneForEachFile) {
  std::string text = PngChunk("tEXt", "Comment");
  text.back() ^= 1;
  EXPECT_TRUE(Decode(PngWith(text + text + text)).ok());
  EXPECT_THAT(lines_, SizeIs(1));
}

TEST_F(LibraryMessagesTest, DoNotComeForAColourProfileThatIsNotUsed) {
  EXPECT_TRUE(Decode(PngWith(PngChunk("iCCP", std::string("icc\0\0garbage", 12)))).ok());
  EXPECT_THAT(lines_, IsEmpty());
}

TEST_F(LibraryMessagesTest, AreInTheStatusOfADamagedPng) {
  std::string png = EncodePicture(".png", QuartersBgr());
  png[png.find("IEND") - 8] ^= 1;  // the last CRC of the pixels
  const absl::Status status = Decode(png).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("the PNG file is damaged or cut off"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("CRC error"));
}

TEST_F(LibraryMessagesTest, ComeFromLibjpeg) {
  std::string jpeg = EncodePicture(".jpg", QuartersBgr());
  EXPECT_TRUE(Decode(jpeg.insert(jpeg.find("\xFF\xC0"), "stray")).ok());
  EXPECT_THAT(lines_, Contains(StartsWith("libjpeg: Corrupt JPEG data: ")));
}

TEST_F(LibraryMessagesTest, AreInTheStatusOfADamagedJpeg) {
  const std::string jpeg = WriteJpeg(BusyFrame(64, 48, 0), {});
  for (size_t i = jpeg.size() / 2; i < jpeg.size() - 4; i += 7) {
    std::string damaged = jpeg;
    damaged.replace(i, 4, "\xFF\xC4\xFF\xFF");
    const absl::Status status = Decode(damaged).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << i;
  }
}

TEST_F(LibraryMessagesTest, AreSilentInAllTruncations) {
  for (const std::string& bytes : {WriteJpeg(BusyFrame(64, 48, 0), {}), EncodePicture(".png", QuartersBgr()),
                                   EncodePicture(".webp", QuartersBgr())})
    for (size_t size = 0; size < bytes.size(); size += 5)
      EXPECT_FALSE(Decode(bytes.substr(0, size)).ok() && size + 2 < bytes.size()) << size;
}

TEST_F(LibraryMessagesTest, ComeFromOpencv) {
  const OpencvImageDecoder decoder;
  EXPECT_THROW(CV_Error(cv::Error::StsBadArg, "a test"), cv::Exception);
  EXPECT_THAT(lines_, Contains(HasSubstr("a test")));
}

TEST_F(LibraryMessagesTest, ComeFromFfmpeg) {
  RecordingSink sink;
  EXPECT_FALSE(FfmpegVideoEncoderFactory().Create({.width = 100'000, .height = 100'000}, &sink).ok());
  EXPECT_THAT(lines_, Contains(StartsWith("FFmpeg: ")));
}

}  // namespace
}  // namespace ruyi
