#include "core/base/error_info.h"

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

// One payload per datum; the key behind the prefix is a map key, or a violation's index and field.
constexpr absl::string_view kReasonUrl = "type.ruyi/reason";
constexpr absl::string_view kRetryDelayUrl = "type.ruyi/retry_delay_ms";
constexpr absl::string_view kMetadataPrefix = "type.ruyi/metadata/";
constexpr absl::string_view kViolationPrefix = "type.ruyi/field_violation/";
constexpr absl::string_view kPreconditionPrefix = "type.ruyi/unmet_precondition/";
constexpr int kIndexDigits = 6;  // so that the order by URL is the order of the list

std::string ListUrl(absl::string_view prefix, size_t index, std::string_view name) {
  return absl::StrFormat("%s%0*d/%s", prefix, kIndexDigits, index, name);
}

// What lists hold, by index and name.
struct Lists {
  std::map<std::string, FieldViolation> violations;
  std::map<std::string, UnmetPrecondition> preconditions;
};

void ReadPayload(absl::string_view url, const std::string& value, ErrorInfo& info, Lists& lists) {
  absl::string_view key = url;
  int64_t delay_ms = 0;
  if (url == kReasonUrl) {
    info.reason = value;
  } else if (url == kRetryDelayUrl && absl::SimpleAtoi(value, &delay_ms)) {
    info.retry_delay = absl::Milliseconds(delay_ms);
  } else if (absl::ConsumePrefix(&key, kMetadataPrefix)) {
    info.metadata[std::string(key)] = value;
  } else if (absl::ConsumePrefix(&key, kViolationPrefix)) {
    lists.violations[std::string(key)] = {std::string(key.substr(kIndexDigits + 1)), value};
  } else if (absl::ConsumePrefix(&key, kPreconditionPrefix)) {
    lists.preconditions[std::string(key)] = {std::string(key.substr(kIndexDigits + 1)), value};
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
  for (size_t i = 0; i < info.field_violations.size(); ++i) {
    const FieldViolation& violation = info.field_violations[i];
    status.SetPayload(ListUrl(kViolationPrefix, i, violation.field), absl::Cord(violation.description));
  }
  for (size_t i = 0; i < info.unmet_preconditions.size(); ++i) {
    const UnmetPrecondition& unmet = info.unmet_preconditions[i];
    status.SetPayload(ListUrl(kPreconditionPrefix, i, unmet.subject), absl::Cord(unmet.description));
  }
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
  Lists lists;
  status.ForEachPayload(
      [&](absl::string_view url, const absl::Cord& value) { ReadPayload(url, std::string(value), info, lists); });
  for (auto& [key, violation] : lists.violations)
    info.field_violations.push_back(std::move(violation));
  for (auto& [key, unmet] : lists.preconditions)
    info.unmet_preconditions.push_back(std::move(unmet));
  return info;
}

}  // namespace ruyi
