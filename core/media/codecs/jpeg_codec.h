// Decodes a JPEG file into a StoredPicture, with libjpeg. Before it: DecodePicture. A function without state;
// thread-safe.
#pragma once

#include <string_view>

#include "absl/status/statusor.h"
#include "core/media/codecs/stored_picture.h"
#include "core/media/image_decoder.h"

namespace ruyi {

// Decodes the first picture of the file, baseline or progressive, grey, RGB or CMYK. What lies behind the picture's
// data does not matter, nor whether there is an end marker, when all of the picture is there. INVALID_ARGUMENT: damaged
// or cut off; with reason IMAGE_TOO_LARGE: over a limit. Warnings of libjpeg go to LogFromLibrary. Blocks for the time
// of the decode. A progressive file takes 2 bytes for each sample beside the picture.
absl::StatusOr<StoredPicture> DecodeJpeg(std::string_view bytes, const ImageLimits& limits);

}  // namespace ruyi
