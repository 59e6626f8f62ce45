#include "core/media/opencv/image_header.h"

#include <algorithm>
#include <optional>
#include <string>

#include "absl/strings/str_format.h"
#include "core/media/opencv/byte_reader.h"
#include "core/media/opencv/exif_orientation.h"

namespace ruyi {
namespace {

constexpr std::string_view kJpegMagic = "\xFF\xD8\xFF";
constexpr std::string_view kPngMagic = "\x89PNG\r\n\x1A\n";
constexpr std::string_view kExifMark("Exif\0\0", 6);

absl::Status Damaged(std::string_view format) {
  return absl::InvalidArgumentError(absl::StrFormat("the %s file is damaged or cut off; send the whole file", format));
}

// JPEG markers (ITU-T T.81, table B.1).
constexpr uint32_t kEndOfImage = 0xD9;
constexpr uint32_t kApp1 = 0xE1;

bool IsStartOfFrame(uint32_t marker) {
  return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
}

// What has no length and no data: in entropy-coded data 0xFF is followed by 0x00 or a restart marker; elsewhere 0xFF
// may be padding, and 0x01 is a marker for temporary use.
bool StandsAlone(uint32_t marker) {
  return marker <= 0x01 || (marker >= 0xD0 && marker <= 0xD7) || marker == 0xFF;
}

// A file may state its size several times, and decoders differ in which one they believe: the largest counts.
void TakeSize(uint32_t width, uint32_t height, ImageHeader& header) {
  header.width = std::max<int64_t>(header.width, width);
  header.height = std::max<int64_t>(header.height, height);
}

class JpegReader {
 public:
  explicit JpegReader(std::string_view bytes) : reader_(bytes.substr(2)) {}

  absl::StatusOr<ImageHeader> Read() {
    while (const std::optional<uint32_t> marker = NextMarker()) {
      if (*marker == kEndOfImage)
        return header_.width > 0 && header_.height > 0 ? absl::StatusOr<ImageHeader>(header_) : Damaged("JPEG");
      if (!ReadSegment(*marker))
        break;
    }
    return Damaged("JPEG");
  }

 private:
  std::optional<uint32_t> NextMarker() {
    while (const std::optional<uint32_t> byte = reader_.ReadNumber(1, ByteOrder::kBig)) {
      if (byte != 0xFF)
        continue;
      std::optional<uint32_t> marker = reader_.ReadNumber(1, ByteOrder::kBig);
      while (marker == 0xFF)
        marker = reader_.ReadNumber(1, ByteOrder::kBig);
      if (!marker.has_value() || !StandsAlone(*marker))
        return marker;
    }
    return std::nullopt;
  }

  bool ReadSegment(uint32_t marker) {
    const std::optional<uint32_t> length = reader_.ReadNumber(2, ByteOrder::kBig);
    if (!length.has_value() || *length < 2)
      return false;
    const std::optional<std::string_view> segment = reader_.Read(*length - 2);
    if (!segment.has_value())
      return false;
    if (IsStartOfFrame(marker))
      ReadFrame(*segment);
    if (marker == kApp1 && segment->starts_with(kExifMark))
      header_.orientation = ReadExifOrientation(segment->substr(kExifMark.size()));
    return true;
  }

  void ReadFrame(std::string_view segment) {
    ByteReader frame(segment);
    frame.Read(1);  // sample precision
    const uint32_t height = frame.ReadNumber(2, ByteOrder::kBig).value_or(0);
    TakeSize(frame.ReadNumber(2, ByteOrder::kBig).value_or(0), height, header_);
  }

  ByteReader reader_;
  ImageHeader header_ = {.format = ImageFormat::kJpeg};
};

absl::StatusOr<ImageHeader> ReadPng(std::string_view bytes) {
  ImageHeader header = {.format = ImageFormat::kPng};
  ByteReader reader(bytes.substr(kPngMagic.size()));
  while (const std::optional<uint32_t> length = reader.ReadNumber(4, ByteOrder::kBig)) {
    const std::string_view type = reader.Read(4).value_or("");
    const std::optional<std::string_view> data = reader.Read(*length);
    if (!data.has_value() || !reader.Read(4).has_value())  // 4: the chunk's CRC
      break;
    if (type == "IHDR") {
      ByteReader fields(*data);
      const uint32_t width = fields.ReadNumber(4, ByteOrder::kBig).value_or(0);
      TakeSize(width, fields.ReadNumber(4, ByteOrder::kBig).value_or(0), header);
    } else if (type == "eXIf") {
      header.orientation = ReadExifOrientation(*data);
    } else if (type == "IEND" && header.width > 0 && header.height > 0) {
      return header;
    }
  }
  return Damaged("PNG");
}

// Dimensions in the three kinds of WebP image chunks (RFC 9649, sections 2.5 to 2.7).
void ReadWebpChunk(std::string_view type, std::string_view data, ImageHeader& header) {
  ByteReader fields(data);
  if (type == "VP8X") {
    fields.Read(4);  // flags
    const uint32_t width = fields.ReadNumber(3, ByteOrder::kLittle).value_or(0) + 1;
    TakeSize(width, fields.ReadNumber(3, ByteOrder::kLittle).value_or(0) + 1, header);
  } else if (type == "VP8 ") {
    fields.Read(6);  // frame tag and start code
    const uint32_t width = fields.ReadNumber(2, ByteOrder::kLittle).value_or(0) & 0x3FFF;
    TakeSize(width, fields.ReadNumber(2, ByteOrder::kLittle).value_or(0) & 0x3FFF, header);
  } else if (type == "VP8L") {
    fields.Read(1);  // signature
    const uint32_t bits = fields.ReadNumber(4, ByteOrder::kLittle).value_or(0);
    TakeSize((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1, header);
  } else if (type == "EXIF") {
    header.orientation = ReadExifOrientation(data.starts_with(kExifMark) ? data.substr(kExifMark.size()) : data);
  }
}

absl::StatusOr<ImageHeader> ReadWebp(std::string_view bytes) {
  ImageHeader header = {.format = ImageFormat::kWebp};
  const uint32_t riff_size = ByteReader(bytes.substr(4)).ReadNumber(4, ByteOrder::kLittle).value_or(0);
  if (riff_size < 4 || riff_size > bytes.size() - 8)
    return Damaged("WebP");
  ByteReader reader(bytes.substr(12, riff_size - 4));
  while (const std::optional<std::string_view> type = reader.Read(4)) {
    const std::optional<uint32_t> size = reader.ReadNumber(4, ByteOrder::kLittle);
    const std::optional<std::string_view> data = reader.Read(size.value_or(UINT32_MAX));
    if (!data.has_value())
      return Damaged("WebP");
    ReadWebpChunk(*type, *data, header);
    reader.Read(*size % 2);  // chunks are padded to even sizes
  }
  return header.width > 0 && header.height > 0 ? absl::StatusOr<ImageHeader>(header) : Damaged("WebP");
}

bool IsWebp(std::string_view bytes) {
  return bytes.size() >= 12 && bytes.substr(0, 4) == "RIFF" && bytes.substr(8, 4) == "WEBP";
}

}  // namespace

absl::StatusOr<ImageHeader> ReadImageHeader(std::string_view bytes) {
  if (bytes.starts_with(kJpegMagic))
    return JpegReader(bytes).Read();
  if (bytes.starts_with(kPngMagic))
    return ReadPng(bytes);
  if (IsWebp(bytes))
    return ReadWebp(bytes);
  return absl::InvalidArgumentError(bytes.empty() ? "the picture is empty; send the bytes of a JPEG, PNG or WebP file"
                                                  : "unknown picture format; send JPEG, PNG or WebP");
}

}  // namespace ruyi
