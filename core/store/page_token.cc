#include "core/store/page_token.h"

#include <limits>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/base/error_info.h"

namespace ruyi {
namespace {

constexpr int kDigits = 16;

// Returns a check number, by which a text that is no token of this server is found out. The multiplier is the golden
// ratio's fraction in 64 bits.
uint32_t CheckOf(uint64_t number) {
  return static_cast<uint32_t>((number * 0x9E3779B97F4A7C15u) >> 32);
}

}  // namespace

std::string PageTokenOf(int64_t number) {
  return absl::StrFormat("%016x%08x", static_cast<uint64_t>(number), CheckOf(number));
}

absl::StatusOr<int64_t> NumberOfPageToken(const std::string& token) {
  if (token.empty())
    return std::numeric_limits<int64_t>::max();
  uint64_t number = 0;
  if (!absl::SimpleHexAtoi(token.substr(0, kDigits), &number) || token != PageTokenOf(static_cast<int64_t>(number))) {
    return InvalidFields({{.field = "page_token",
                           .description = "no page gave this token; pass next_page_token of the page before, "
                                          "unchanged, or none for the first page"}});
  }
  return static_cast<int64_t>(number);
}

}  // namespace ruyi
