// Damages files as a failing disk would. Functions without state; thread-safe.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>

namespace ruyi {

// Flips the lowest bit of the byte at `offset` of the file `path`, which must have it.
inline void FlipBit(const std::filesystem::path& path, int64_t offset) {
  std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
  file.seekg(offset);
  const auto byte = static_cast<char>(file.get() ^ 1);
  file.seekp(offset);
  file.put(byte);
}

}  // namespace ruyi
