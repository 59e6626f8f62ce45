// Decodes a picture file of any supported format into a StoredPicture. Before it: OpencvImageDecoder, which has checked
// how many bytes there are. After it: one of the codecs beside it. A function without state; thread-safe.
#pragma once

#include <string_view>

#include "absl/status/statusor.h"
#include "core/media/codecs/stored_picture.h"
#include "core/media/image_decoder.h"

namespace ruyi {

// Recognises JPEG, PNG and WebP by their first bytes. INVALID_ARGUMENT: the file is of no such format, or the codec
// refuses it; with reason IMAGE_TOO_LARGE: over a limit, found from the header. Blocks for the time of the decode.
absl::StatusOr<StoredPicture> DecodePicture(std::string_view bytes, const ImageLimits& limits);

}  // namespace ruyi
