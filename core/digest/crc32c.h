// Computes CRC-32C as in RFC 3720, at the speed of the processor's own instruction. Functions without state;
// thread-safe.
#pragma once

#include <cstdint>
#include <string_view>

namespace ruyi {

// Returns the checksum of `bytes`; that of none is 0.
uint32_t Crc32c(std::string_view bytes);

// Returns the checksum of bytes whose checksum is `crc32c`, with `bytes` after them.
uint32_t ExtendCrc32c(uint32_t crc32c, std::string_view bytes);

}  // namespace ruyi
