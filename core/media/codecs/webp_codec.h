// Decodes a WebP file into a StoredPicture, with libwebp. Before it: DecodePicture. A function without state;
// thread-safe.
#pragma once

#include <string_view>

#include "absl/status/statusor.h"
#include "core/media/codecs/stored_picture.h"
#include "core/media/image_decoder.h"

namespace ruyi {

// Decodes lossy and lossless pictures; of an animated file the first frame, at its place on a transparent canvas. The
// orientation is looked for in the chunk EXIF. INVALID_ARGUMENT: damaged or cut off; with reason IMAGE_TOO_LARGE: over
// a limit. Blocks for the time of the decode.
absl::StatusOr<StoredPicture> DecodeWebp(std::string_view bytes, const ImageLimits& limits);

}  // namespace ruyi
