// Reads and writes the header of a safetensors file, which has 8 bytes of length (little-endian), the header as JSON,
// and then the data. Before it: bytes from a disk, or tensors to be written. After it: safetensors_file.h,
// core/checkpoint. Functions without state; thread-safe. Source: the safetensors format.
#pragma once

#include <c10/core/ScalarType.h>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace ruyi {

struct SafetensorsEntry {
  c10::ScalarType dtype = c10::ScalarType::Undefined;
  std::vector<int64_t> shape;
  size_t begin = 0;  // bytes from the start of the data
  size_t end = 0;
};

using SafetensorsEntries = std::map<std::string, SafetensorsEntry, std::less<>>;

struct SafetensorsHeader {
  SafetensorsEntries entries;
  std::map<std::string, std::string, std::less<>> metadata;
  size_t data_begin = 0;  // bytes from the start of the file
};

// Returns the header of a whole file. Metadata that are not texts are left out. DATA_LOSS: truncated, header too long
// or not JSON, an offset out of range, overlapping or with holes, a size that does not fit dtype × shape, an unknown
// dtype, a name twice.
absl::StatusOr<SafetensorsHeader> ParseSafetensorsHeader(std::string_view file);

// Returns the format's name of `type`: "F8_E4M3".
std::string_view SafetensorsName(c10::ScalarType type);

// Returns true when `bytes` can be values of `dtype`: a BOOL is 0 or 1.
bool AreValues(std::string_view bytes, c10::ScalarType dtype);

// Returns everything of a file before its data, which begin at a multiple of 8 bytes. Entries must be those of a valid
// file, with types that the format knows; else it throws.
std::string SafetensorsHeaderBytes(const SafetensorsHeader& header);

}  // namespace ruyi
