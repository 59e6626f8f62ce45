#include "core/base/exception_guard.h"

#include <new>
#include <string>

#include "absl/strings/str_format.h"
#include "core/base/error_info.h"
#include "core/base/error_reasons.h"

namespace ruyi {
namespace {

std::string_view FirstLine(std::string_view text) {
  return text.substr(0, text.find('\n'));
}

// libtorch's allocators have an exception of their own when a GPU's memory runs out, which this room does not know.
bool IsOutOfMemory(std::string_view text) {
  return FirstLine(text).find("out of memory") != std::string_view::npos;
}

// Returns the sentences that say what ran out and how much was asked for; libtorch goes on with advice about its
// environment.
std::string_view FirstTwoSentences(std::string_view text) {
  constexpr std::string_view kEnd = ". ";
  const size_t first = text.find(kEnd);
  const size_t second = first == text.npos ? text.npos : text.find(kEnd, first + kEnd.size());
  return text.substr(0, second);
}

}  // namespace

absl::Status StatusFromCurrentException(std::string_view what) {
  try {
    throw;
  } catch (const std::bad_alloc&) {
    return absl::ResourceExhaustedError(absl::StrFormat("%s: out of memory", what));
  } catch (const OutOfHostMemory& error) {
    return ErrorWithReason(absl::StatusCode::kResourceExhausted, absl::StrFormat("%s: %s", what, error.what()),
                           reason::kHostMemory);
  } catch (const std::exception& error) {
    if (IsOutOfMemory(error.what()))
      return absl::ResourceExhaustedError(absl::StrFormat("%s: %s", what, FirstTwoSentences(FirstLine(error.what()))));
    return absl::InternalError(absl::StrFormat("%s: %s", what, FirstLine(error.what())));
  } catch (...) {
    return absl::InternalError(absl::StrFormat("%s: an unknown exception", what));
  }
}

}  // namespace ruyi
