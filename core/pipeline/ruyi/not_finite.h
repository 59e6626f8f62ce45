// The error of a video whose numbers grew beyond all bounds: it would be black. Before it: denoise_loop.h and
// frame_output.h. After it: the job's end. A function without state; thread-safe.
#pragma once

#include <string_view>

#include "absl/status/status.h"

namespace ruyi {

// INTERNAL with reason NOT_FINITE. `what`: the stage and what it gave: "denoising gave latents".
absl::Status NotFinite(std::string_view what);

}  // namespace ruyi
