#include "core/media/ffmpeg/mp4_boxes.h"

#include <cstddef>
#include <optional>
#include <string_view>

namespace ruyi {
namespace {

constexpr size_t kBoxHeaderSize = 8;  // size and type

// The packet's marks and names are fixed by the XMP specification, part 1.
constexpr std::string_view kXmp =
    "<?xpacket begin=\"\xEF\xBB\xBF\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n"
    "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\">\n"
    " <rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">\n"
    "  <rdf:Description rdf:about=\"\" xmlns:Iptc4xmpExt=\"http://iptc.org/std/Iptc4xmpExt/2008-02-29/\">\n"
    "   <Iptc4xmpExt:DigitalSourceType>"
    "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
    "</Iptc4xmpExt:DigitalSourceType>\n"
    "  </rdf:Description>\n"
    " </rdf:RDF>\n"
    "</x:xmpmeta>\n"
    "<?xpacket end=\"r\"?>";
constexpr std::string_view kXmpUuid = "\xBE\x7A\xCF\xCB\x97\xA9\x42\xE8\x9C\x71\x99\x94\x91\xE3\xAF\xAC";

std::string BigEndian(uint32_t value) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8)
    bytes.push_back(static_cast<char>(value >> shift));
  return bytes;
}

uint32_t NumberAt(std::string_view bytes, size_t offset) {
  uint32_t value = 0;
  for (size_t i = 0; i < 4; ++i)
    value = value << 8 | static_cast<uint8_t>(bytes[offset + i]);
  return value;
}

std::string Box(std::string_view type, const std::string& content) {
  return BigEndian(static_cast<uint32_t>(kBoxHeaderSize + content.size())).append(type) + content;
}

struct Span {
  size_t begin = 0;
  size_t end = 0;
};

// The first box of `type` among those that lie one after the other in `boxes`.
std::optional<Span> FindBox(std::string_view file, Span boxes, std::string_view type) {
  while (boxes.end - boxes.begin >= kBoxHeaderSize) {
    const uint32_t size = NumberAt(file, boxes.begin);
    if (size < kBoxHeaderSize || size > boxes.end - boxes.begin)
      break;
    if (file.substr(boxes.begin + 4, 4) == type)
      return Span{boxes.begin, boxes.begin + size};
    boxes.begin += size;
  }
  return std::nullopt;
}

void Grow(const Span& box, size_t by, std::string& file) {
  file.replace(box.begin, 4, BigEndian(static_cast<uint32_t>(box.end - box.begin + by)));
}

}  // namespace

absl::Status InsertFragmentsDuration(uint32_t duration, std::string& header) {
  const std::optional<Span> movie = FindBox(header, {0, header.size()}, "moov");
  const std::optional<Span> extends =
      movie.has_value() ? FindBox(header, {movie->begin + kBoxHeaderSize, movie->end}, "mvex") : std::nullopt;
  if (!extends.has_value())
    return absl::InternalError("writing the MP4 header: libavformat wrote no box mvex");
  const std::string duration_box = Box("mehd", BigEndian(0) + BigEndian(duration));  // 0: version and flags
  Grow(*movie, duration_box.size(), header);
  Grow(*extends, duration_box.size(), header);
  header.insert(extends->begin + kBoxHeaderSize, duration_box);
  return absl::OkStatus();
}

std::string GeneratedMediaBox() {
  return Box("uuid", std::string(kXmpUuid).append(kXmp));
}

}  // namespace ruyi
