// Reads JSON from outside (config.json, shard indexes, safetensors headers) into a value or a clear Status; never
// throws. Before it: files of a model folder. After it: the config parsers of core/model, core/sampler and
// core/pipeline. Functions without state; thread-safe.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "core/base/error_info.h"
#include "core/base/status_macros.h"

namespace ruyi {

// Returns the JSON value in `text`. `source` names the text in messages. DATA_LOSS: it is not JSON, has a key twice in
// one object, or is nested deeper than 32.
absl::StatusOr<nlohmann::json> ParseJson(std::string_view text, std::string_view source);

// Returns the JSON object in a file of at most 64 MiB. NOT_FOUND: no such file. DATA_LOSS: see ParseJson, or it is not
// an object. Blocks on the disk.
absl::StatusOr<nlohmann::json> ReadJsonFile(const std::filesystem::path& path);

// Returns false where JSON, which is UTF-8, could not hold `text` as it is.
bool IsUtf8(std::string_view text);

// Writes `value` to the file of that name, or behind the link of that name, in place of what is there, with its mode
// and owner. Readers see the old file or the new one, never a part; missing folders are made. UNAVAILABLE: it cannot be
// written. Blocks on the disk.
absl::Status WriteJsonFile(const std::filesystem::path& name, const nlohmann::json& value);

// Returns what `parse`, a function from a JSON object to a StatusOr, makes of the file. Errors: those of `parse`, with
// the path in front of the message, and those of ReadJsonFile.
template <typename Parse>
auto ParseJsonFile(const std::filesystem::path& path, const Parse& parse)
    -> decltype(parse(std::declval<const nlohmann::json&>())) {
  RUYI_ASSIGN_OR_RETURN(const nlohmann::json object, ReadJsonFile(path));
  auto parsed = parse(object);
  if (!parsed.ok())
    return WithPrefix(path.string(), parsed.status());
  return parsed;
}

// Returns true when `object` has `key` with a value other than null.
bool HasValue(const nlohmann::json& object, std::string_view key);

// Each returns the value of `key`, or `fallback` when the key is absent or null. FAILED_PRECONDITION: the key is absent
// and there is no fallback, or its value is of another type. GetDouble and GetDoubleList also take whole numbers;
// GetInt and GetIntList take nothing with a fraction.
absl::StatusOr<int64_t> GetInt(const nlohmann::json& object, std::string_view key,
                               std::optional<int64_t> fallback = std::nullopt);
absl::StatusOr<double> GetDouble(const nlohmann::json& object, std::string_view key,
                                 std::optional<double> fallback = std::nullopt);
absl::StatusOr<bool> GetBool(const nlohmann::json& object, std::string_view key,
                             std::optional<bool> fallback = std::nullopt);
absl::StatusOr<std::string> GetString(const nlohmann::json& object, std::string_view key,
                                      std::optional<std::string> fallback = std::nullopt);
absl::StatusOr<std::vector<int64_t>> GetIntList(const nlohmann::json& object, std::string_view key,
                                                std::optional<std::vector<int64_t>> fallback = std::nullopt);
absl::StatusOr<std::vector<double>> GetDoubleList(const nlohmann::json& object, std::string_view key,
                                                  std::optional<std::vector<double>> fallback = std::nullopt);
absl::StatusOr<std::vector<std::string>> GetStringList(const nlohmann::json& object, std::string_view key,
                                                       std::optional<std::vector<std::string>> fallback = std::nullopt);

}  // namespace ruyi
