#include "core/media/opencv/exif_orientation.h"

#include <cstdint>
#include <optional>

#include "core/media/opencv/byte_reader.h"

namespace ruyi {
namespace {

constexpr uint32_t kOrientationTag = 0x0112;
constexpr uint32_t kTiffMagic = 42;
constexpr int kUpright = 1;
constexpr int kLastOrientation = 8;

std::optional<ByteOrder> OrderOf(std::string_view mark) {
  if (mark == "II")
    return ByteOrder::kLittle;
  if (mark == "MM")
    return ByteOrder::kBig;
  return std::nullopt;
}

// The value of one 12-byte directory entry when it is the orientation.
std::optional<int> OrientationEntry(std::string_view entry, ByteOrder order) {
  ByteReader reader(entry);
  const std::optional<uint32_t> tag = reader.ReadNumber(2, order);
  reader.Read(6);  // type and count
  const std::optional<uint32_t> value = reader.ReadNumber(2, order);
  if (tag != kOrientationTag || value < kUpright || value > kLastOrientation)
    return std::nullopt;
  return static_cast<int>(*value);
}

int OrientationInDirectory(ByteReader directory, ByteOrder order) {
  const uint32_t count = directory.ReadNumber(2, order).value_or(0);
  for (uint32_t i = 0; i < count; ++i) {
    const std::optional<std::string_view> entry = directory.Read(12);
    if (!entry.has_value())
      break;
    if (const std::optional<int> orientation = OrientationEntry(*entry, order))
      return *orientation;
  }
  return kUpright;
}

}  // namespace

int ReadExifOrientation(std::string_view tiff) {
  ByteReader reader(tiff);
  const std::optional<ByteOrder> order = OrderOf(reader.Read(2).value_or(""));
  if (!order.has_value() || reader.ReadNumber(2, *order) != kTiffMagic)
    return kUpright;
  const std::optional<uint32_t> offset = reader.ReadNumber(4, *order);
  if (!offset.has_value() || *offset > tiff.size())
    return kUpright;
  return OrientationInDirectory(ByteReader(tiff.substr(*offset)), *order);
}

}  // namespace ruyi
