// Turns FFmpeg's results into a Status. Before it: a call into FFmpeg. After it: what the encoder returns. Functions
// without state; thread-safe.
#pragma once

#include <string_view>

#include "absl/status/status.h"

namespace ruyi {

// Returns INTERNAL with `what` (what was being done) and FFmpeg's text for a negative `code`; OK for any other.
absl::Status AvStatus(int code, std::string_view what);

// Returns INTERNAL with `what` when `handle` is null: FFmpeg's constructors fail only for want of memory.
absl::Status AvAllocated(const void* handle, std::string_view what);

}  // namespace ruyi
