#include "core/base/error_info.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "absl/strings/cord.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "core/base/error_reasons.h"

namespace ruyi {
namespace {

// Each datum is a payload of its own, with a map key behind the prefix; but a whole list is one payload, for a status
// looks for a payload among all that it has.
constexpr absl::string_view kReasonUrl = "type.ruyi/reason";
constexpr absl::string_view kRetryDelayUrl = "type.ruyi/retry_delay_ms";
constexpr absl::string_view kMetadataPrefix = "type.ruyi/metadata/";
constexpr absl::string_view kViolationsUrl = "type.ruyi/field_violations";
constexpr absl::string_view kPreconditionsUrl = "type.ruyi/unmet_preconditions";

// A list's payload: of each text its length in decimal digits, a colon, and its bytes.
void AppendText(std::string& list, std::string_view text) {
  absl::StrAppend(&list, text.size(), ":", absl::string_view(text.data(), text.size()));
}

// Takes the next text off `list`, which AppendText made.
std::string TakeText(absl::string_view& list) {
  const size_t colon = list.find(':');
  size_t size = 0;
  if (colon == absl::string_view::npos || !absl::SimpleAtoi(list.substr(0, colon), &size)) {
    list = {};
    return "";
  }
  std::string text(list.substr(colon + 1, size));
  list.remove_prefix(std::min(list.size(), colon + 1 + size));
  return text;
}

// `Item` has two texts.
template <typename Item>
absl::Cord CordOf(const std::vector<Item>& items) {
  std::string list;
  for (const auto& [name, description] : items) {
    AppendText(list, name);
    AppendText(list, description);
  }
  return absl::Cord(std::move(list));
}

template <typename Item>
std::vector<Item> ItemsOf(absl::string_view list) {
  std::vector<Item> items;
  while (!list.empty()) {
    std::string name = TakeText(list);
    items.push_back({std::move(name), TakeText(list)});
  }
  return items;
}

void ReadPayload(absl::string_view url, const std::string& value, ErrorInfo& info) {
  absl::string_view key = url;
  int64_t delay_ms = 0;
  if (url == kReasonUrl) {
    info.reason = value;
  } else if (url == kRetryDelayUrl && absl::SimpleAtoi(value, &delay_ms)) {
    info.retry_delay = absl::Milliseconds(delay_ms);
  } else if (url == kViolationsUrl) {
    info.field_violations = ItemsOf<FieldViolation>(value);
  } else if (url == kPreconditionsUrl) {
    info.unmet_preconditions = ItemsOf<UnmetPrecondition>(value);
  } else if (absl::ConsumePrefix(&key, kMetadataPrefix)) {
    info.metadata[std::string(key)] = value;
  }
}

}  // namespace

absl::Status WithErrorInfo(absl::Status status, const ErrorInfo& info) {
  if (!info.reason.empty())
    status.SetPayload(kReasonUrl, absl::Cord(info.reason));
  if (info.retry_delay.has_value())
    status.SetPayload(kRetryDelayUrl, absl::Cord(absl::StrCat(absl::ToInt64Milliseconds(*info.retry_delay))));
  for (const auto& [key, value] : info.metadata)
    status.SetPayload(absl::StrCat(kMetadataPrefix, key), absl::Cord(value));
  if (!info.field_violations.empty())
    status.SetPayload(kViolationsUrl, CordOf(info.field_violations));
  if (!info.unmet_preconditions.empty())
    status.SetPayload(kPreconditionsUrl, CordOf(info.unmet_preconditions));
  return status;
}

absl::Status ErrorWithReason(absl::StatusCode code, std::string_view message, std::string_view reason) {
  return WithErrorInfo(absl::Status(code, std::string(message)), {.reason = std::string(reason)});
}

absl::Status WithPrefix(std::string_view prefix, const absl::Status& status) {
  absl::Status result(status.code(), absl::StrFormat("%s: %s", prefix, status.message()));
  status.ForEachPayload([&](absl::string_view url, const absl::Cord& value) { result.SetPayload(url, value); });
  return result;
}

absl::Status InvalidFields(std::vector<FieldViolation> violations) {
  const auto describe = [](std::string* out, const FieldViolation& violation) {
    absl::StrAppend(out, violation.field, ": ", violation.description);
  };
  const std::string message = absl::StrJoin(violations, "; ", describe);
  return WithErrorInfo(absl::InvalidArgumentError(message),
                       {.reason = std::string(reason::kInvalidRequest), .field_violations = std::move(violations)});
}

ErrorInfo GetErrorInfo(const absl::Status& status) {
  ErrorInfo info;
  status.ForEachPayload(
      [&](absl::string_view url, const absl::Cord& value) { ReadPayload(url, std::string(value), info); });
  return info;
}

}  // namespace ruyi
