// Makes the refusals that all codecs share. Before them: a codec that has read a file's header, or given up. After
// them: the caller of ImageDecoder. Functions without state; thread-safe.
#pragma once

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "core/media/image_decoder.h"

namespace ruyi {

// Checks a size that a header states, before anything is allocated for it. INVALID_ARGUMENT with reason
// IMAGE_TOO_LARGE: a side or the area is over its limit.
absl::Status CheckPictureSize(int64_t width, int64_t height, const ImageLimits& limits);

// Returns INVALID_ARGUMENT for a file of `format` ("PNG") that is damaged or incomplete. `library_words` is what the
// library said; it may be empty.
absl::Status DamagedPicture(std::string_view format, std::string_view library_words);

}  // namespace ruyi
