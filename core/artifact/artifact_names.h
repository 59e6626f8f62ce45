// Says which names jobs and blobs may have: such a name leads to no other folder, whatever a store makes of it.
// Functions without state; thread-safe.
#pragma once

#include <string_view>

namespace ruyi {

// Returns true for 1 to 64 letters, digits, '_' and '-'.
bool IsJobId(std::string_view text);

// Returns true for 64 lower-case hex digits.
bool IsSha256(std::string_view text);

}  // namespace ruyi
