// Checks the numbers of calls that a cache has left out, as they come back from a saved state. Before it: a state.
// After it: the Restore functions of core/cache. A function without state; thread-safe.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <vector>

namespace ruyi {

// Returns true for numbers of calls that were made, each once and in order.
inline bool AreCallsBefore(int64_t calls, const std::vector<int64_t>& numbers) {
  return std::adjacent_find(numbers.begin(), numbers.end(), std::greater_equal<>()) == numbers.end() &&
         (numbers.empty() || (numbers.front() >= 0 && numbers.back() < calls));
}

}  // namespace ruyi
