#include "core/intake/check_ticket.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "absl/strings/ascii.h"
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

// Tells of the first wrong label alone: an answer has no room for them all.
void CheckLabels(const JobRequest& request, std::vector<FieldViolation>& violations) {
  if (request.labels.size() > kMaxLabels) {
    violations.push_back({"labels", absl::StrFormat("%d given; send at most %d", request.labels.size(), kMaxLabels)});
    return;
  }
  for (const auto& [key, value] : request.labels) {
    if (!IsLabelKey(key)) {
      violations.push_back({"labels", absl::StrFormat("a key must have 1 to %d letters, digits, '-', '_', '.' and '/'",
                                                      kMaxLabelKeyBytes)});
      return;
    }
    if (value.size() > kMaxLabelValueBytes) {
      violations.push_back({"labels", absl::StrFormat("the value of %s has %d bytes; use at most %d", key, value.size(),
                                                      kMaxLabelValueBytes)});
      return;
    }
  }
}

}  // namespace

std::vector<FieldViolation> CheckTicket(const JobRequest& request) {
  std::vector<FieldViolation> violations;
  if (request.request_id.size() > kMaxRequestIdBytes || !IsPrintable(request.request_id)) {
    violations.push_back({"request_id", absl::StrFormat("must be a UUID, such as "
                                                        "8c1f0e0a-4d7b-4a5e-9f0c-2b6f4a7d1e33: at most %d printable "
                                                        "characters",
                                                        kMaxRequestIdBytes)});
  }
  CheckLabels(request, violations);
  return violations;
}

}  // namespace ruyi
