// Turns the place in a list of jobs where the next page begins into text for callers, and back. Functions without
// state; thread-safe.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"

namespace ruyi {

// Returns the token of the page that begins below job `number`.
std::string PageTokenOf(int64_t number);

// Returns the number in a token; the token of the first page is empty. INVALID_ARGUMENT: PageTokenOf cannot have made
// it.
absl::StatusOr<int64_t> NumberOfPageToken(const std::string& token);

}  // namespace ruyi
