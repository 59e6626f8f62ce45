// Makes small encoded pictures for the decoder's tests. Functions without state; thread-safe.
#pragma once

#include <cstdint>
#include <opencv2/core.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "core/media/image_decoder.h"

namespace ruyi {

// Returns `image` (BGR, BGRA or grey) as a file: ".png", ".jpg" or ".webp". The quality is the default unless
// `parameters` say otherwise.
std::string EncodePicture(const std::string& extension, const cv::Mat& image, const std::vector<int>& parameters = {});

// Returns 24x16 pixels with a different colour in each quarter: red, green above blue, white.
cv::Mat QuartersBgr();

// Decodes with the default limits.
absl::StatusOr<RgbImage> Decode(std::string_view bytes);

// Returns red, green and blue at a pixel.
std::vector<int> RgbAt(const RgbImage& image, int x, int y);

// The types in which TIFF stores a number, by their codes there.
enum class TiffType { kByte = 1, kAscii = 2, kShort = 3, kLong = 4 };

// The 26-byte TIFF block with one entry, the orientation, of EXIF; `little_endian` or big.
std::string OrientationTiff(int orientation, bool little_endian, TiffType type = TiffType::kShort);

// Returns `jpeg` with an APP1 segment holding `tiff` after its start-of-image marker.
std::string WithExif(const std::string& jpeg, const std::string& tiff);

// Returns `bytes` as ImageMagick puts a profile of the kind `name` into a text of PNG.
std::string RawProfile(const std::string& name, const std::string& bytes);

// A zlib stream (RFC 1950) of one stored block (RFC 1951), up to 65535 bytes.
std::string Zlib(const std::string& bytes);

// A PNG chunk: length, type, data, CRC.
std::string PngChunk(const std::string& type, const std::string& data);

// A PNG made by hand, for what OpenCV does not write. `bit_depth` and `colour_type` as in the PNG specification; `rows`
// are its bytes without filter bytes; `before_pixels` are chunks between IHDR and IDAT.
struct PngParts {
  uint32_t width = 1;
  uint32_t height = 1;
  int bit_depth = 8;
  int colour_type = 2;
  std::vector<std::string> rows;
  std::string before_pixels;
};
std::string MakePng(const PngParts& parts);

// Returns `value` as 4 bytes, most significant first.
std::string BigEndian32(uint32_t value);

}  // namespace ruyi
