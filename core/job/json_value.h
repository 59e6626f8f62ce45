// Turns single values into JSON and back: numbers, texts, times, words for enums. Before it: core/job/json_fields.h,
// which puts them into objects. Functions without state; thread-safe.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace ruyi {

// Specialise it with the words for an enum's values, in their order: `static constexpr std::string_view kWords[]`.
template <typename Enum>
struct EnumWords;

// Returns the word of `value`, as it is stored.
template <typename Enum>
std::string WordOf(Enum value) {
  return std::string(EnumWords<Enum>::kWords[static_cast<int>(value)]);
}

// Numbers that are not finite, and infinite times, become words.
nlohmann::json JsonOf(double value);
nlohmann::json JsonOf(absl::Duration value);  // nanoseconds
nlohmann::json JsonOf(absl::Time value);      // nanoseconds since 1970

// Writes the code, the message and what core/base/error_info.h attached.
nlohmann::json JsonOf(const absl::Status& value);

// Each reads `json` into `value`, or returns false and leaves it; `kind` says what was expected.
bool ReadJson(const nlohmann::json& json, bool& value);
bool ReadJson(const nlohmann::json& json, int& value);
bool ReadJson(const nlohmann::json& json, int64_t& value);
bool ReadJson(const nlohmann::json& json, uint64_t& value);
bool ReadJson(const nlohmann::json& json, double& value);
bool ReadJson(const nlohmann::json& json, std::string& value);
bool ReadJson(const nlohmann::json& json, absl::Duration& value);
bool ReadJson(const nlohmann::json& json, absl::Time& value);
bool ReadJson(const nlohmann::json& json, absl::Status& value);

// These read bytes that are written as hexadecimal digits or in base 64.
bool ReadHex(const nlohmann::json& json, std::string& bytes);
bool ReadBase64(const nlohmann::json& json, std::string& bytes);

// Returns the place of the word in `words`; -1 when it is none of them.
int IndexOfWord(const nlohmann::json& json, std::span<const std::string_view> words);

}  // namespace ruyi
