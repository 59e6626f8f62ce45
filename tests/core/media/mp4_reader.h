// The boxes of an MP4 file (ISO/IEC 14496-12), for the encoder's tests. Functions without state; thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ruyi {

struct Mp4Box {
  std::string type;
  std::string content;  // without size and type
};

// The boxes that lie one after the other in `bytes`. Fails the test when they do not fill it.
std::vector<Mp4Box> ReadBoxes(std::string_view bytes);

// Returns the types of the boxes: "ftyp", "moov", ...
std::vector<std::string> BoxTypes(std::string_view bytes);

// The content of the box at `path`, from the file's top level on: {"moov", "mvhd"}; nullopt when there is none.
std::optional<std::string> FindBox(std::string_view bytes, const std::vector<std::string>& path);

// The big-endian number of 4 bytes at `offset`.
uint32_t NumberAt(std::string_view bytes, size_t offset);

// The XMP packet in the box that Adobe's specification names; nullopt when there is none.
std::optional<std::string> ReadXmp(std::string_view file);

}  // namespace ruyi
