// Unpacks a DEFLATE stream. Before it: png_image.h. A function without state; thread-safe. Source: RFC 1951.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace ruyi::golden {

// DATA_LOSS: damaged, cut short, or longer than `max_size` bytes.
absl::StatusOr<std::vector<uint8_t>> Inflate(std::string_view packed, size_t max_size);

}  // namespace ruyi::golden
