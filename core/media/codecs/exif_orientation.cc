#include "core/media/codecs/exif_orientation.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "core/media/codecs/byte_reader.h"

namespace ruyi {
namespace {

constexpr uint32_t kOrientationTag = 0x0112;
constexpr uint32_t kTiffMagic = 42;
constexpr uint32_t kLastOrientation = 8;
constexpr std::string_view kPreamble("Exif\0", 5);
constexpr size_t kPreambleSize = 6;  // one more byte, which should be 0

std::optional<ByteOrder> OrderOf(std::string_view mark) {
  if (mark == "II")
    return ByteOrder::kLittle;
  if (mark == "MM")
    return ByteOrder::kBig;
  return std::nullopt;
}

// Returns the bytes of one value of the TIFF types BYTE, SHORT and LONG; nullopt for types that are no plain number.
std::optional<size_t> SizeOfType(std::optional<uint32_t> type) {
  switch (type.value_or(0)) {
    case 1:
      return 1;
    case 3:
      return 2;
    case 4:
      return 4;
    default:
      return std::nullopt;
  }
}

// The value of one 12-byte directory entry when it is the orientation.
std::optional<int> OrientationEntry(std::string_view entry, ByteOrder order) {
  ByteReader reader(entry);
  const std::optional<uint32_t> tag = reader.ReadNumber(2, order);
  const std::optional<size_t> size = SizeOfType(reader.ReadNumber(2, order));
  reader.Read(4);  // how many values: one
  if (tag != kOrientationTag || !size.has_value())
    return std::nullopt;
  const std::optional<uint32_t> value = reader.ReadNumber(*size, order);
  if (value < uint32_t{kUprightOrientation} || value > kLastOrientation)
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
  return kUprightOrientation;
}

// The text up to the next line end, which is taken away too.
std::string_view TakeLine(std::string_view& text) {
  const size_t end = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

}  // namespace

int ReadExifOrientation(std::string_view exif) {
  const std::string_view tiff =
      exif.starts_with(kPreamble) && exif.size() > kPreambleSize ? exif.substr(kPreambleSize) : exif;
  ByteReader reader(tiff);
  const std::optional<ByteOrder> order = OrderOf(reader.Read(2).value_or(""));
  if (!order.has_value() || reader.ReadNumber(2, *order) != kTiffMagic)
    return kUprightOrientation;
  const std::optional<uint32_t> offset = reader.ReadNumber(4, *order);
  if (!offset.has_value() || *offset > tiff.size())
    return kUprightOrientation;
  return OrientationInDirectory(ByteReader(tiff.substr(*offset)), *order);
}

std::string DecodeRawProfile(std::string_view text) {
  while (text.starts_with('\n'))
    text.remove_prefix(1);
  TakeLine(text);  // the profile's name
  size_t size = 0;
  if (!absl::SimpleAtoi(std::string(TakeLine(text)), &size))
    return "";
  std::string digits(text);
  std::erase_if(digits, [](char letter) { return absl::ascii_isspace(static_cast<unsigned char>(letter)); });
  const auto is_digit = [](char letter) { return absl::ascii_isxdigit(static_cast<unsigned char>(letter)); };
  if (digits.size() / 2 < size || !std::all_of(digits.begin(), digits.end(), is_digit))
    return "";
  return absl::HexStringToBytes(digits.substr(0, size * 2));
}

}  // namespace ruyi
