// Tests what the decoder refuses, and with which code, reason and message.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <map>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <string>

#include "core/base/error_info.h"
#include "core/base/error_reasons.h"
#include "core/media/opencv/opencv_image_decoder.h"
#include "tests/core/media/jpeg_writer.h"
#include "tests/core/media/png_writer.h"
#include "tests/core/media/test_pictures.h"
#include "tests/core/media/video_probe.h"

namespace ruyi {
namespace {

using ::testing::HasSubstr;

constexpr size_t kPngWidthOffset = 16;
constexpr size_t kPngAfterHeader = 33;  // magic and IHDR

void ExpectInvalid(const absl::Status& status, const std::string& message_part) {
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr(message_part));
  EXPECT_EQ(GetErrorInfo(status).reason, "");
}

void ExpectTooLarge(const absl::Status& status, const std::string& message_part) {
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr(message_part));
  EXPECT_EQ(GetErrorInfo(status).reason, reason::kImageTooLarge);
}

std::string WithPngSize(std::string png, uint32_t width, uint32_t height) {
  return png.replace(kPngWidthOffset, 8, BigEndian32(width) + BigEndian32(height));
}

int64_t PeakMemoryBytes() {
  rusage usage = {};
  getrusage(RUSAGE_SELF, &usage);
  return int64_t{usage.ru_maxrss} << 10;
}

TEST(ImageRefusalTest, NamesTheFormatsThatItTakes) {
  for (const std::string bytes : {"GIF89a..........", "\x89PNX\r\n\x1A\n", "\xFF\xD8", "RIFF\4\0\0\0WAVE", "x"})
    ExpectInvalid(Decode(bytes).status(), "unknown picture format; send JPEG, PNG or WebP");
}

TEST(ImageRefusalTest, NamesAnEmptyPicture) {
  ExpectInvalid(Decode("").status(), "the picture is empty");
}

TEST(ImageRefusalTest, NeverTakesATruncatedFile) {
  const std::vector<int> lossless = {cv::IMWRITE_WEBP_QUALITY, 101};
  for (const std::string& bytes :
       {EncodePicture(".png", QuartersBgr()), EncodePicture(".jpg", QuartersBgr()),
        EncodePicture(".webp", QuartersBgr()), EncodePicture(".webp", QuartersBgr(), lossless),
        WithExif(EncodePicture(".jpg", QuartersBgr()), OrientationTiff(6, true))}) {
    ASSERT_TRUE(Decode(bytes).ok());
    // A JPEG picture is whole also without its end marker.
    const size_t whole = bytes.ends_with("\xFF\xD9") ? bytes.size() - 2 : bytes.size();
    for (size_t size = 0; size < whole; ++size)
      EXPECT_EQ(Decode(bytes.substr(0, size)).status().code(), absl::StatusCode::kInvalidArgument) << size;
  }
}

TEST(ImageRefusalTest, SaysThatAFileIsCutOff) {
  for (const auto& [extension, format] :
       std::map<std::string, std::string>{{".png", "PNG"}, {".jpg", "JPEG"}, {".webp", "WebP"}}) {
    std::string bytes = EncodePicture(extension, QuartersBgr());
    bytes.resize(bytes.size() - 3);
    ExpectInvalid(Decode(bytes).status(), "the " + format + " file is damaged or cut off; send the whole file");
  }
}

// libpng would ask for the memory of the whole chunk.
TEST(ImageRefusalTest, RefusesAPngChunkThatIsLongerThanTheFile) {
  constexpr size_t kAfterHeader = 33;
  const std::string png = EncodePicture(".png", QuartersBgr());
  for (const std::string type : {"tEXt", "zTXt", "iTXt", "IDAT", "eXIf", "abCd"}) {
    std::string bytes = png;
    bytes.insert(kAfterHeader, BigEndian32(0x7FFFFFFF) + type + std::string(100, 'x'));
    const int64_t before = PeakMemoryBytes();
    ExpectInvalid(Decode(bytes).status(), "the PNG file is damaged or cut off");
    EXPECT_LT(PeakMemoryBytes() - before, int64_t{64} << 20) << type;
  }
}

TEST(ImageRefusalTest, RefusesAPngWhosePixelsAreDamaged) {
  std::string bytes = EncodePicture(".png", QuartersBgr());
  const size_t pixels = bytes.find("IDAT") + 4;
  bytes[pixels] ^= 0x55;
  ExpectInvalid(Decode(bytes).status(), "the PNG file is damaged or cut off; send the whole file (IDAT: ");
}

// Returns a PNG whose pixels are followed by so many more bytes of their data.
std::string WithSpareBytes(std::string png, size_t spare) {
  return png.insert(png.find("IEND") - 4, PngChunk("IDAT", std::string(spare, '\0')));
}

TEST(ImageRefusalTest, RefusesAPngWithMuchMoreDataThanPixels) {
  for (const uint32_t height : {1, 2, 5, 16}) {
    for (const bool is_interlaced : {false, true}) {
      const std::string png = WritePng({.width = 3,
                                        .height = height,
                                        .is_interlaced = is_interlaced,
                                        .samples = std::vector<uint16_t>(3 * height, 7)});
      EXPECT_TRUE(Decode(WithSpareBytes(png, 60'000)).ok()) << height << is_interlaced;
      ExpectInvalid(Decode(WithSpareBytes(png, 100'000)).status(), "there is much more data than pixels");
    }
  }
}

TEST(ImageRefusalTest, RefusesAPngWithoutPixels) {
  const std::string bytes = MakePng({});
  ExpectInvalid(Decode(bytes.substr(0, kPngAfterHeader) + PngChunk("IEND", "")).status(), "the PNG file is damaged");
}

TEST(ImageRefusalTest, RefusesPicturesWithoutArea) {
  const std::string png = EncodePicture(".png", QuartersBgr());
  ExpectInvalid(Decode(WithPngSize(png, 0, 16)).status(), "the PNG file is damaged");
  ExpectInvalid(Decode(WithPngSize(png, 24, 0)).status(), "the PNG file is damaged");
}

TEST(ImageRefusalTest, RefusesTooManyPixelsFromTheHeaderAlone) {
  const std::string png = WithPngSize(EncodePicture(".png", QuartersBgr()), 60000, 60000);
  ExpectTooLarge(Decode(png).status(), "the picture has 60000x60000 pixels; at most 50000000 are taken");
}

TEST(ImageRefusalTest, RefusesTheLargestNumbersThatAHeaderHolds) {
  const std::string png = WithPngSize(EncodePicture(".png", QuartersBgr()), 0xFFFFFFFF, 0xFFFFFFFF);
  ExpectTooLarge(Decode(png).status(), "the picture has 4294967295x4294967295 pixels");
}

TEST(ImageRefusalTest, RefusesASideThatIsTooLong) {
  const std::string png = EncodePicture(".png", QuartersBgr());
  for (const auto& [width, height] : {std::pair(1'000'001, 1), std::pair(1, 1'000'001), std::pair(0x7FFFFFFF, 1)})
    ExpectTooLarge(Decode(WithPngSize(png, width, height)).status(), "at most 1000000 are taken on a side");
}

TEST(ImageRefusalTest, TakesTheLongestSide) {
  constexpr uint32_t kLongest = 1'000'000;
  const auto wide = Decode(WritePng({.width = kLongest, .bit_depth = 1, .samples = std::vector<uint16_t>(kLongest)}));
  ASSERT_TRUE(wide.ok()) << wide.status();
  EXPECT_EQ(wide->width, 1'000'000);
}

// libjpeg takes 65500 pixels a side and calls larger ones an error, whatever our limits are.
TEST(ImageRefusalTest, RefusesAJpegOverItsLibrarysLimit) {
  std::string jpeg = EncodePicture(".jpg", QuartersBgr());
  const size_t height = jpeg.find("\xFF\xC0") + 5;
  ExpectTooLarge(Decode(std::string(jpeg).replace(height, 2, "\xFF\xDD")).status(), "24x65501 pixels");
  ExpectTooLarge(Decode(std::string(jpeg).replace(height + 2, 2, "\xFF\xFF")).status(), "65535x16 pixels");
}

TEST(ImageRefusalTest, RefusesAJpegOfTooManyScans) {
  const std::string jpeg = WriteJpeg(BusyFrame(24, 16, 0), {.scans = JpegScans::kProgressive});
  const size_t first = jpeg.find("\xFF\xDA"), second = jpeg.find("\xFF\xC4", first);
  std::string scans;
  for (int i = 0; i < 120; ++i)
    scans += jpeg.substr(first, second - first);
  ExpectInvalid(Decode(jpeg.substr(0, second) + scans + jpeg.substr(second)).status(), "the JPEG file is damaged");
}

TEST(ImageRefusalTest, RefusesOnePixelTooMany) {
  for (const std::string extension : {".png", ".jpg", ".webp"}) {
    const ImageLimits limits = {.max_pixels = 24 * 16 - 1};
    ExpectTooLarge(OpencvImageDecoder().Decode(EncodePicture(extension, QuartersBgr()), limits).status(),
                   "the picture has 24x16 pixels; at most 383 are taken, so send a smaller one");
  }
}

TEST(ImageRefusalTest, RefusesOneByteTooMany) {
  const std::string bytes = EncodePicture(".png", QuartersBgr());
  const ImageLimits limits = {.max_bytes = static_cast<int64_t>(bytes.size()) - 1};
  const std::string size = std::to_string(bytes.size());
  ExpectTooLarge(OpencvImageDecoder().Decode(bytes, limits).status(), "the file has " + size + " bytes; at most ");
}

// libjpeg believes the first frame header, so a smaller one behind the pixels must not hide it.
TEST(ImageRefusalTest, RefusesAJpegWithASecondFrameHeader) {
  cv::Mat large;
  cv::resize(QuartersBgr(), large, cv::Size(48, 32));
  const std::string jpeg = EncodePicture(".jpg", large), small = EncodePicture(".jpg", QuartersBgr());
  constexpr size_t kFrameHeaderSize = 2 + 17;  // marker; length, precision, size and three components
  const std::string second = small.substr(small.find("\xFF\xC0"), kFrameHeaderSize);
  const size_t end = jpeg.size() - 2;
  const std::string both = jpeg.substr(0, end) + second + jpeg.substr(end);
  const absl::Status status = OpencvImageDecoder().Decode(both, {.max_pixels = 24 * 16}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
}

TEST(ImageRefusalTest, ChecksTheBytesBeforeTheFormat) {
  ExpectTooLarge(OpencvImageDecoder().Decode("nonsense", {.max_bytes = 4}).status(), "the file has 8 bytes");
}

}  // namespace
}  // namespace ruyi
