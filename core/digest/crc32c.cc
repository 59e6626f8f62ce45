#include "core/digest/crc32c.h"

#include <isa-l/crc.h>

namespace ruyi {
namespace {

// The library counts in int.
constexpr size_t kMostBytes = 1 << 30;

}  // namespace

uint32_t Crc32c(std::string_view bytes) {
  return ExtendCrc32c(0, bytes);
}

uint32_t ExtendCrc32c(uint32_t crc32c, std::string_view bytes) {
  while (!bytes.empty()) {
    const std::string_view part = bytes.substr(0, kMostBytes);
    // The library neither inverts nor takes const bytes.
    crc32c = ~crc32_iscsi(reinterpret_cast<unsigned char*>(const_cast<char*>(part.data())),
                          static_cast<int>(part.size()), ~crc32c);
    bytes.remove_prefix(part.size());
  }
  return crc32c;
}

}  // namespace ruyi
