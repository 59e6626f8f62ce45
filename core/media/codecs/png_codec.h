// Decodes a PNG file into a StoredPicture, with libpng. Before it: DecodePicture. A function without state;
// thread-safe.
#pragma once

#include <string_view>

#include "absl/status/statusor.h"
#include "core/media/codecs/stored_picture.h"
#include "core/media/image_decoder.h"

namespace ruyi {

// Decodes grey, RGB and palette pictures of every depth; transparency, also by a colour key, becomes alpha, and of an
// animated file the default image is taken. The orientation is looked for in eXIf and in texts "Raw profile type exif"
// and "Raw profile type APP1". INVALID_ARGUMENT: damaged or cut off; with reason IMAGE_TOO_LARGE: over a limit.
// Warnings of libpng go to LogFromLibrary. Blocks for the time of the decode.
absl::StatusOr<StoredPicture> DecodePng(std::string_view bytes, const ImageLimits& limits);

}  // namespace ruyi
