// The only place that catches: libtorch, OpenCV and the standard library throw, our code returns a Status.
// Before it: a call into such a library. After it: the same call as a StatusOr. Thread-safe.
#pragma once

#include <exception>
#include <stdexcept>
#include <string_view>
#include <type_traits>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace ruyi {

// Says that the host's memory ran out, where that of a device may run out as well.
class OutOfHostMemory final : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Turns the exception in flight into a Status: std::bad_alloc, or one that says "out of memory" → RESOURCE_EXHAUSTED
// with its first two sentences; OutOfHostMemory → RESOURCE_EXHAUSTED HOST_MEMORY; anything else → INTERNAL with `what`
// (what was being done) and the exception's first line. Call it only from a catch block.
absl::Status StatusFromCurrentException(std::string_view what);

// Runs `function` (returning T, absl::Status or absl::StatusOr<T>) and returns its result, or the exception as a
// Status.
template <typename Function>
auto GuardExceptions(std::string_view what, Function&& function) {
  using Result = std::invoke_result_t<Function>;
  using Returned =
      std::conditional_t<std::is_void_v<Result>, absl::Status,
                         std::conditional_t<std::is_constructible_v<Result, absl::Status>, Result,
                                            absl::StatusOr<std::conditional_t<std::is_void_v<Result>, int, Result>>>>;
  try {
    if constexpr (std::is_void_v<Result>) {
      function();
      return Returned(absl::OkStatus());
    } else {
      return Returned(function());
    }
  } catch (...) {
    return Returned(StatusFromCurrentException(what));
  }
}

}  // namespace ruyi
