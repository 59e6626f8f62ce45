#include "core/job/json_value.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "core/base/error_info.h"
#include "core/json/json_file.h"

namespace ruyi {
namespace {

using nlohmann::json;

constexpr std::string_view kInfinite = "infinite";
constexpr std::string_view kMinusInfinite = "-infinite";
constexpr std::string_view kNotANumber = "nan";

std::string WordOf(absl::StatusCode code) {
  return absl::AsciiStrToLower(absl::StatusCodeToString(code));
}

std::optional<absl::StatusCode> CodeOf(const json& word) {
  constexpr int kCodes = 17;
  for (int i = 0; i < kCodes; ++i) {
    const auto code = static_cast<absl::StatusCode>(i);
    if (word == WordOf(code))
      return code;
  }
  return std::nullopt;
}

json JsonOfPairs(const auto& items, auto first, auto second) {
  json list = json::array();
  for (const auto& item : items)
    list.push_back(json::array({item.*first, item.*second}));
  return list;
}

// Reads a list of pairs of texts; an absent one is empty.
template <typename Item>
bool ReadPairs(const json& object, std::string_view key, std::vector<Item>& items) {
  const auto list = object.find(key);
  if (list == object.end())
    return true;
  if (!list->is_array())
    return false;
  for (const json& pair : *list) {
    if (!pair.is_array() || pair.size() != 2 || !pair[0].is_string() || !pair[1].is_string())
      return false;
    items.push_back(Item{pair[0].get<std::string>(), pair[1].get<std::string>()});
  }
  return true;
}

bool ReadMetadata(const json& object, std::map<std::string, std::string>& metadata) {
  const auto found = object.find("metadata");
  if (found == object.end())
    return true;
  if (!found->is_object())
    return false;
  for (const auto& [key, value] : found->items()) {
    if (!ReadJson(value, metadata[key]))
      return false;
  }
  return true;
}

bool ReadInfo(const json& object, ErrorInfo& info) {
  if (HasValue(object, "reason") && !ReadJson(object["reason"], info.reason))
    return false;
  if (HasValue(object, "retry_delay") && !ReadJson(object["retry_delay"], info.retry_delay.emplace()))
    return false;
  return ReadMetadata(object, info.metadata) && ReadPairs(object, "field_violations", info.field_violations) &&
         ReadPairs(object, "unmet_preconditions", info.unmet_preconditions);
}

}  // namespace

json JsonOf(double value) {
  if (std::isnan(value))
    return kNotANumber;
  if (std::isinf(value))
    return value > 0 ? kInfinite : kMinusInfinite;
  return value;
}

json JsonOf(absl::Duration value) {
  if (value == absl::InfiniteDuration())
    return kInfinite;
  if (value == -absl::InfiniteDuration())
    return kMinusInfinite;
  return absl::ToInt64Nanoseconds(value);
}

json JsonOf(absl::Time value) {
  return JsonOf(value - absl::UnixEpoch());
}

json JsonOf(const absl::Status& value) {
  json object = {{"code", WordOf(value.code())}, {"message", std::string(value.message())}};
  const ErrorInfo info = GetErrorInfo(value);
  if (!info.reason.empty())
    object["reason"] = info.reason;
  if (!info.metadata.empty())
    object["metadata"] = info.metadata;
  if (!info.field_violations.empty()) {
    object["field_violations"] =
        JsonOfPairs(info.field_violations, &FieldViolation::field, &FieldViolation::description);
  }
  if (!info.unmet_preconditions.empty()) {
    object["unmet_preconditions"] =
        JsonOfPairs(info.unmet_preconditions, &UnmetPrecondition::subject, &UnmetPrecondition::description);
  }
  if (info.retry_delay.has_value())
    object["retry_delay"] = JsonOf(*info.retry_delay);
  return object;
}

bool ReadJson(const json& json, bool& value) {
  if (!json.is_boolean())
    return false;
  value = json.get<bool>();
  return true;
}

bool ReadJson(const json& json, int& value) {
  int64_t wide = 0;
  if (!ReadJson(json, wide) || wide < std::numeric_limits<int>::min() || wide > std::numeric_limits<int>::max())
    return false;
  value = static_cast<int>(wide);
  return true;
}

bool ReadJson(const json& json, int64_t& value) {
  if (!json.is_number_integer())
    return false;
  if (json.is_number_unsigned() && json.get<uint64_t>() > static_cast<uint64_t>(std::numeric_limits<int64_t>::max()))
    return false;
  value = json.get<int64_t>();
  return true;
}

bool ReadJson(const json& json, uint64_t& value) {
  if (!json.is_number_unsigned())
    return false;
  value = json.get<uint64_t>();
  return true;
}

bool ReadJson(const json& json, double& value) {
  if (json.is_number()) {
    value = json.get<double>();
  } else if (json == kInfinite) {
    value = std::numeric_limits<double>::infinity();
  } else if (json == kMinusInfinite) {
    value = -std::numeric_limits<double>::infinity();
  } else if (json == kNotANumber) {
    value = std::numeric_limits<double>::quiet_NaN();
  } else {
    return false;
  }
  return true;
}

bool ReadJson(const json& json, std::string& value) {
  if (!json.is_string())
    return false;
  value = json.get<std::string>();
  return true;
}

bool ReadJson(const json& json, absl::Duration& value) {
  int64_t nanoseconds = 0;
  if (json == kInfinite) {
    value = absl::InfiniteDuration();
  } else if (json == kMinusInfinite) {
    value = -absl::InfiniteDuration();
  } else if (ReadJson(json, nanoseconds)) {
    value = absl::Nanoseconds(nanoseconds);
  } else {
    return false;
  }
  return true;
}

bool ReadJson(const json& json, absl::Time& value) {
  absl::Duration since_epoch;
  if (!ReadJson(json, since_epoch))
    return false;
  value = absl::UnixEpoch() + since_epoch;
  return true;
}

bool ReadJson(const json& json, absl::Status& value) {
  if (!json.is_object() || !json.contains("code") || !json.contains("message"))
    return false;
  const std::optional<absl::StatusCode> code = CodeOf(json["code"]);
  std::string message;
  ErrorInfo info;
  if (!code.has_value() || !ReadJson(json["message"], message) || !ReadInfo(json, info))
    return false;
  value = *code == absl::StatusCode::kOk ? absl::OkStatus() : WithErrorInfo(absl::Status(*code, message), info);
  return true;
}

bool ReadHex(const json& json, std::string& bytes) {
  std::string digits;
  if (!ReadJson(json, digits) || digits.size() % 2 != 0 ||
      !std::all_of(digits.begin(), digits.end(), absl::ascii_isxdigit))
    return false;
  bytes = absl::HexStringToBytes(digits);
  return true;
}

bool ReadBase64(const json& json, std::string& bytes) {
  std::string text;
  return ReadJson(json, text) && absl::Base64Unescape(text, &bytes);
}

int IndexOfWord(const json& json, std::span<const std::string_view> words) {
  const auto found = std::find_if(words.begin(), words.end(), [&](std::string_view word) { return json == word; });
  return found == words.end() ? -1 : static_cast<int>(found - words.begin());
}

}  // namespace ruyi
