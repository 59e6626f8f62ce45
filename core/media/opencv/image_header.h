// What the first bytes of a picture say, read without decoding any pixel: format, dimensions, orientation, and whether
// the file is complete. Before it: OpencvImageDecoder's bytes. Functions without state; thread-safe.
// Sources: ITU-T T.81 (JPEG), the PNG specification, RFC 9649 (WebP).
#pragma once

#include <cstdint>
#include <string_view>

#include "absl/status/statusor.h"

namespace ruyi {

enum class ImageFormat { kJpeg, kPng, kWebp };

struct ImageHeader {
  ImageFormat format = ImageFormat::kJpeg;
  int64_t width = 0;    // pixels, as stored
  int64_t height = 0;   // pixels, as stored
  int orientation = 1;  // EXIF: 1 (upright) to 8
};

// INVALID_ARGUMENT: not JPEG, PNG or WebP; damaged; cut off before its end.
absl::StatusOr<ImageHeader> ReadImageHeader(std::string_view bytes);

}  // namespace ruyi
