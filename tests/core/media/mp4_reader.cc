#include "tests/core/media/mp4_reader.h"

#include <gtest/gtest.h>

namespace ruyi {

std::vector<Mp4Box> ReadBoxes(std::string_view bytes) {
  std::vector<Mp4Box> boxes;
  while (bytes.size() >= 8) {
    const uint32_t size = NumberAt(bytes, 0);
    if (size < 8 || size > bytes.size())
      break;
    boxes.push_back({std::string(bytes.substr(4, 4)), std::string(bytes.substr(8, size - 8))});
    bytes.remove_prefix(size);
  }
  EXPECT_TRUE(bytes.empty()) << bytes.size() << " bytes are in no box";
  return boxes;
}

std::vector<std::string> BoxTypes(std::string_view bytes) {
  std::vector<std::string> types;
  for (const Mp4Box& box : ReadBoxes(bytes))
    types.push_back(box.type);
  return types;
}

std::optional<std::string> FindBox(std::string_view bytes, const std::vector<std::string>& path) {
  std::string content(bytes);
  for (const std::string& type : path) {
    std::optional<std::string> found;
    for (const Mp4Box& box : ReadBoxes(content))
      if (box.type == type && !found.has_value())
        found = box.content;
    if (!found.has_value())
      return std::nullopt;
    content = *found;
  }
  return content;
}

uint32_t NumberAt(std::string_view bytes, size_t offset) {
  uint32_t value = 0;
  for (size_t i = 0; i < 4; ++i)
    value = value << 8 | static_cast<uint8_t>(bytes[offset + i]);
  return value;
}

std::optional<std::string> ReadXmp(std::string_view file) {
  constexpr std::string_view kUuid = "\xBE\x7A\xCF\xCB\x97\xA9\x42\xE8\x9C\x71\x99\x94\x91\xE3\xAF\xAC";
  for (const Mp4Box& box : ReadBoxes(file))
    if (box.type == "uuid" && box.content.starts_with(kUuid))
      return box.content.substr(kUuid.size());
  return std::nullopt;
}

}  // namespace ruyi
