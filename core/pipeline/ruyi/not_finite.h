// Makes the error for a video whose numbers overflowed: it would be black. Before it: denoise_loop.h and
// frame_output.h. After it: the job's end. A function without state; thread-safe.
#pragma once

#include <string_view>

#include "absl/status/status.h"

namespace ruyi {

// Returns INTERNAL with reason NOT_FINITE. `what` is the stage and what it gave, such as "denoising gave latents".
absl::Status NotFinite(std::string_view what);

}  // namespace ruyi
