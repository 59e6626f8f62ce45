#include "core/intake/check_ticket.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_format.h"

namespace ruyi {
namespace {

bool IsPrintable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](unsigned char c) { return absl::ascii_isprint(c); });
}

bool IsLabelKey(std::string_view key) {
  const auto is_allowed = [](unsigned char c) {
    return absl::ascii_isalnum(c) || c == '-' || c == '_' || c == '.' || c == '/';
  };
  return !key.empty() && key.size() <= kMaxLabelKeyBytes && std::all_of(key.begin(), key.end(), is_allowed);
}

// Returns what is wrong with a label; empty when nothing is.
std::string WrongIn(const std::string& key, const std::string& value) {
  constexpr size_t kShownBytes = 64;  // keys of any length and with any bytes come here
  if (!IsLabelKey(key)) {
    return absl::StrFormat("the key '%s' must have 1 to %d letters, digits, '-', '_', '.' and '/'",
                           absl::CHexEscape(key.substr(0, kShownBytes)), kMaxLabelKeyBytes);
  }
  if (value.size() > kMaxLabelValueBytes) {
    return absl::StrFormat("the value of %s has %d bytes; use at most %d", key, value.size(), kMaxLabelValueBytes);
  }
  return "";
}

// Tells of the first wrong labels: an answer has no room for all that may be there.
void CheckLabels(const JobRequest& request, std::vector<FieldViolation>& violations) {
  constexpr size_t kMostTold = 8;
  if (request.labels.size() > kMaxLabels) {
    violations.push_back({"labels", absl::StrFormat("%d given; send at most %d", request.labels.size(), kMaxLabels)});
    return;
  }
  const size_t most = violations.size() + kMostTold;
  for (const auto& [key, value] : request.labels) {
    std::string wrong = WrongIn(key, value);
    if (!wrong.empty() && violations.size() < most)
      violations.push_back({"labels", std::move(wrong)});
  }
}

}  // namespace

std::vector<FieldViolation> CheckTicket(const JobRequest& request) {
  std::vector<FieldViolation> violations;
  if (request.request_id.size() > kMaxRequestIdBytes || !IsPrintable(request.request_id)) {
    violations.push_back({"request_id", absl::StrFormat("must have at most %d printable ASCII characters; a "
                                                        "UUID, such as 8c1f0e0a-4d7b-4a5e-9f0c-2b6f4a7d1e33, is a "
                                                        "good choice",
                                                        kMaxRequestIdBytes)});
  }
  CheckLabels(request, violations);
  return violations;
}

}  // namespace ruyi
