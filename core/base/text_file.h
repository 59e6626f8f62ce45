// Reads small text files that an operator or a user has named: certificates, keys, tokens. Before it: a flag. After it:
// who knows what the text should be. A function without state; thread-safe.
#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace ruyi {

// Returns the whole text. FAILED_PRECONDITION: the file cannot be read, or is empty; the message begins with `path`.
// Blocks on the disk.
absl::StatusOr<std::string> ReadTextFile(const std::string& path);

}  // namespace ruyi
