#include "tests/golden/png_image.h"

#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "core/base/status_macros.h"
#include "tests/golden/inflate.h"

namespace ruyi::golden {
namespace {

constexpr std::string_view kSignature = "\x89PNG\r\n\x1a\n";
constexpr size_t kChannels = 3;

struct Png {
  std::string header;
  std::string packed;  // of all IDAT chunks
};

int BigEndian32(std::string_view bytes) {
  uint32_t value = 0;
  for (const char byte : bytes.substr(0, 4))
    value = value << 8 | static_cast<uint8_t>(byte);
  return static_cast<int>(value);
}

// A chunk is its length, its kind, its data and a checksum.
absl::StatusOr<Png> SplitChunks(std::string_view bytes) {
  constexpr size_t kAround = 12;
  if (bytes.substr(0, kSignature.size()) != kSignature)
    return absl::DataLossError("not a PNG file");
  Png png;
  for (bytes.remove_prefix(kSignature.size()); !bytes.empty();) {
    const auto size = static_cast<size_t>(BigEndian32(bytes));
    if (bytes.size() < kAround || size > bytes.size() - kAround)
      return absl::DataLossError("a PNG file that is cut short");
    const std::string_view kind = bytes.substr(4, 4);
    if (kind == "IHDR")
      png.header = bytes.substr(8, size);
    if (kind == "IDAT")
      png.packed += bytes.substr(8, size);
    bytes.remove_prefix(size + kAround);
  }
  return png;
}

int Paeth(int left, int above, int corner) {
  const int guess = left + above - corner;
  const int to_left = std::abs(guess - left);
  const int to_above = std::abs(guess - above);
  const int to_corner = std::abs(guess - corner);
  if (to_left <= to_above && to_left <= to_corner)
    return left;
  return to_above <= to_corner ? above : corner;
}

// What a filter of the PNG specification adds to a byte.
int Predict(int filter, int left, int above, int corner) {
  constexpr int kLeft = 1;
  constexpr int kAbove = 2;
  constexpr int kMean = 3;
  switch (filter) {
    case kLeft:
      return left;
    case kAbove:
      return above;
    case kMean:
      return (left + above) / 2;
    default:
      return filter == 0 ? 0 : Paeth(left, above, corner);
  }
}

// `rows` hold a filter's number and then the filtered bytes, each.
void Unfilter(const std::vector<uint8_t>& rows, RgbImage& image) {
  const size_t width = image.row_bytes();
  image.pixels.resize(width * image.height);
  for (int y = 0; y < image.height; ++y) {
    const uint8_t* row = rows.data() + y * (width + 1);
    uint8_t* target = image.pixels.data() + y * width;
    for (size_t x = 0; x < width; ++x) {
      const int left = x >= kChannels ? target[x - kChannels] : 0;
      const int above = y > 0 ? *(target + x - width) : 0;
      const int corner = x >= kChannels && y > 0 ? *(target + x - width - kChannels) : 0;
      target[x] = static_cast<uint8_t>(row[1 + x] + Predict(row[0], left, above, corner));
    }
  }
}

}  // namespace

absl::StatusOr<RgbImage> ReadPng(std::string_view bytes) {
  constexpr size_t kHeaderBytes = 13;
  constexpr std::string_view kRgb8("\x08\x02\x00\x00\x00", 5);
  constexpr size_t kZlibHeader = 2;
  constexpr int kMaxSide = 1 << 14;
  RUYI_ASSIGN_OR_RETURN(const Png png, SplitChunks(bytes));
  if (png.header.size() != kHeaderBytes || png.header.substr(8) != kRgb8 || png.packed.size() < kZlibHeader)
    return absl::DataLossError("not a PNG file of 8-bit RGB without interlacing");
  RgbImage image = {.width = BigEndian32(png.header), .height = BigEndian32(png.header.substr(4))};
  if (image.width < 1 || image.height < 1 || image.width > kMaxSide || image.height > kMaxSide)
    return absl::DataLossError("a PNG file of an impossible size");
  const size_t size = (image.row_bytes() + 1) * image.height;
  RUYI_ASSIGN_OR_RETURN(const std::vector<uint8_t> rows,
                        Inflate(std::string_view(png.packed).substr(kZlibHeader), size));
  if (rows.size() != size)
    return absl::DataLossError("a PNG file with too few or too many rows");
  Unfilter(rows, image);
  return image;
}

}  // namespace ruyi::golden
