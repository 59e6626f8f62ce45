#include "tests/core/media/test_pictures.h"

#include <gtest/gtest.h>

#include <opencv2/imgcodecs.hpp>

#include "absl/strings/str_format.h"
#include "core/media/opencv/opencv_image_decoder.h"

namespace ruyi {
namespace {

std::string Number(uint32_t value, int size, bool little_endian) {
  std::string bytes;
  for (int i = 0; i < size; ++i)
    bytes.push_back(static_cast<char>(value >> 8 * (little_endian ? i : size - 1 - i)));
  return bytes;
}

// The CRC of PNG (ISO/IEC 15948, annex D), bit by bit.
uint32_t Crc32(std::string_view bytes) {
  uint32_t crc = 0xFFFFFFFF;
  for (const char byte : bytes) {
    crc ^= static_cast<uint8_t>(byte);
    for (int bit = 0; bit < 8; ++bit)
      crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320 : 0);
  }
  return ~crc;
}

uint32_t Adler32(std::string_view bytes) {
  uint32_t a = 1, b = 0;
  for (const char byte : bytes) {
    a = (a + static_cast<uint8_t>(byte)) % 65521;
    b = (b + a) % 65521;
  }
  return b << 16 | a;
}

}  // namespace

std::string EncodePicture(const std::string& extension, const cv::Mat& image, const std::vector<int>& parameters) {
  std::vector<uint8_t> bytes;
  EXPECT_TRUE(cv::imencode(extension, image, bytes, parameters));
  return {bytes.begin(), bytes.end()};
}

cv::Mat QuartersBgr() {
  cv::Mat image(16, 24, CV_8UC3);
  image(cv::Rect(0, 0, 12, 8)) = cv::Scalar(0, 0, 255);
  image(cv::Rect(12, 0, 12, 8)) = cv::Scalar(0, 255, 0);
  image(cv::Rect(0, 8, 12, 8)) = cv::Scalar(255, 0, 0);
  image(cv::Rect(12, 8, 12, 8)) = cv::Scalar(255, 255, 255);
  return image;
}

absl::StatusOr<RgbImage> Decode(std::string_view bytes) {
  return OpencvImageDecoder().Decode(bytes, ImageLimits{});
}

std::vector<int> RgbAt(const RgbImage& image, int x, int y) {
  const uint8_t* pixel = image.pixels.data() + image.row_bytes() * y + static_cast<size_t>(x) * 3;
  return {pixel[0], pixel[1], pixel[2]};
}

std::string OrientationTiff(int orientation, bool little_endian, TiffType type) {
  const int value_size = type == TiffType::kLong ? 4 : type == TiffType::kShort ? 2 : 1;
  const auto number = [&](uint32_t value, int size) { return Number(value, size, little_endian); };
  return std::string(little_endian ? "II" : "MM") + number(42, 2) + number(8, 4) + number(1, 2) + number(0x0112, 2) +
         number(static_cast<uint32_t>(type), 2) + number(1, 4) + number(orientation, value_size) +
         number(0, 4 - value_size) + number(0, 4);
}

std::string WithExif(const std::string& jpeg, const std::string& tiff) {
  const std::string content = std::string("Exif\0\0", 6) + tiff;
  const std::string segment = "\xFF\xE1" + Number(static_cast<uint32_t>(content.size() + 2), 2, false) + content;
  return jpeg.substr(0, 2) + segment + jpeg.substr(2);
}

std::string RawProfile(const std::string& name, const std::string& bytes) {
  std::string text = absl::StrFormat("\n%s\n%8d\n", name, bytes.size());
  for (size_t i = 0; i < bytes.size(); ++i)
    text += absl::StrFormat("%02x%s", static_cast<uint8_t>(bytes[i]), i % 36 == 35 ? "\n" : "");
  return text + "\n";
}

std::string Zlib(const std::string& bytes) {
  const auto size = static_cast<uint32_t>(bytes.size());
  return std::string("\x78\x01\x01", 3) + Number(size, 2, true) + Number(~size, 2, true) + bytes +
         BigEndian32(Adler32(bytes));
}

std::string PngChunk(const std::string& type, const std::string& data) {
  return BigEndian32(static_cast<uint32_t>(data.size())) + type + data + BigEndian32(Crc32(type + data));
}

std::string MakePng(const PngParts& parts) {
  const std::string header = BigEndian32(parts.width) + BigEndian32(parts.height) + static_cast<char>(parts.bit_depth) +
                             static_cast<char>(parts.colour_type) + std::string(3, '\0');
  std::string pixels;
  for (const std::string& row : parts.rows)
    pixels += '\0' + row;
  return "\x89PNG\r\n\x1A\n" + PngChunk("IHDR", header) + parts.before_pixels + PngChunk("IDAT", Zlib(pixels)) +
         PngChunk("IEND", "");
}

std::string BigEndian32(uint32_t value) {
  return Number(value, 4, false);
}

}  // namespace ruyi
