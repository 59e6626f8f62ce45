#include "core/json/json_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <limits>
#include <random>
#include <set>
#include <sstream>
#include <system_error>

#include "absl/strings/str_format.h"
#include "core/base/status_macros.h"

namespace ruyi {
namespace {

using nlohmann::json;

constexpr int kMaxDepth = 32;
constexpr uintmax_t kMaxFileBytes = 64 << 20;

// Watches a parse: nlohmann keeps the last of two equal keys and nests without limit.
class ParseWatch {
 public:
  bool OnEvent(int depth, json::parse_event_t event, const json& parsed) {
    if (event == json::parse_event_t::object_start)
      keys_.emplace_back();
    if (event == json::parse_event_t::object_end && !keys_.empty())
      keys_.pop_back();
    if (event == json::parse_event_t::key && !keys_.empty())
      OnKey(parsed.get_ref<const std::string&>());
    if (depth > kMaxDepth && error_.empty())
      error_ = absl::StrFormat("nested deeper than %d", kMaxDepth);
    return error_.empty();
  }

  const std::string& error() const { return error_; }

 private:
  void OnKey(const std::string& key) {
    if (!keys_.back().insert(key).second && error_.empty())
      error_ = absl::StrFormat("key '%s' occurs twice", key);
  }

  std::vector<std::set<std::string>> keys_;
  std::string error_;
};

absl::Status WrongType(std::string_view key, std::string_view expected, const json& value) {
  return absl::FailedPreconditionError(
      absl::StrFormat("'%s' must be %s, but is of type %s", key, expected, value.type_name()));
}

bool IsInt64(const json& value) {
  if (!value.is_number_integer())
    return false;
  return !value.is_number_unsigned() ||
         value.get<uint64_t>() <= static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
}

bool IsNumber(const json& value) {
  return value.is_number();
}
bool IsBool(const json& value) {
  return value.is_boolean();
}
bool IsString(const json& value) {
  return value.is_string();
}

bool IsListOf(const json& value, bool (*is_item)(const json&)) {
  if (!value.is_array())
    return false;
  for (const json& item : value) {
    if (!is_item(item))
      return false;
  }
  return true;
}

bool IsIntList(const json& value) {
  return IsListOf(value, IsInt64);
}
bool IsDoubleList(const json& value) {
  return IsListOf(value, IsNumber);
}
bool IsStringList(const json& value) {
  return IsListOf(value, IsString);
}

template <typename T>
absl::StatusOr<T> GetTyped(const json& object, std::string_view key, std::optional<T> fallback,
                           bool (*is_type)(const json&), std::string_view expected) {
  if (!HasValue(object, key)) {
    if (fallback.has_value())
      return *std::move(fallback);
    return absl::FailedPreconditionError(absl::StrFormat("'%s' is missing; expected %s", key, expected));
  }
  const json& value = *object.find(key);
  if (!is_type(value))
    return WrongType(key, expected, value);
  return value.get<T>();
}

absl::StatusOr<std::string> ReadText(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) {
    return absl::NotFoundError(absl::StrFormat("%s: no such file", path.string()));
  }
  const uintmax_t size = std::filesystem::file_size(path, error);
  if (error || size > kMaxFileBytes) {
    return absl::DataLossError(
        absl::StrFormat("%s: cannot be read as JSON: more than %d bytes", path.string(), kMaxFileBytes));
  }
  std::ifstream stream(path, std::ios::binary);
  std::ostringstream text;
  if (size > 0)
    text << stream.rdbuf();
  if (!stream.good())
    return absl::DataLossError(absl::StrFormat("%s: cannot be read", path.string()));
  return std::move(text).str();
}

}  // namespace

absl::StatusOr<json> ParseJson(std::string_view text, std::string_view source) {
  ParseWatch watch;
  const auto on_event = [&watch](int depth, json::parse_event_t event, json& parsed) {
    return watch.OnEvent(depth, event, parsed);
  };
  json value = json::parse(text.begin(), text.end(), on_event, /*allow_exceptions=*/false);
  if (!watch.error().empty())
    return absl::DataLossError(absl::StrFormat("%s: %s", source, watch.error()));
  if (value.is_discarded())
    return absl::DataLossError(absl::StrFormat("%s: not valid JSON", source));
  return value;
}

absl::StatusOr<json> ReadJsonFile(const std::filesystem::path& path) {
  RUYI_ASSIGN_OR_RETURN(const std::string text, ReadText(path));
  RUYI_ASSIGN_OR_RETURN(json value, ParseJson(text, path.string()));
  if (!value.is_object()) {
    return absl::DataLossError(
        absl::StrFormat("%s: expected a JSON object, found %s", path.string(), value.type_name()));
  }
  return value;
}

// Compares two ways of writing the text: bytes that are no character are replaced in one, and left out of the other.
bool IsUtf8(std::string_view text) {
  const json value(text);
  const auto dump = [&](json::error_handler_t handler) { return value.dump(-1, ' ', /*ensure_ascii=*/false, handler); };
  return dump(json::error_handler_t::replace) == dump(json::error_handler_t::ignore);
}

// Gives `file` the mode of the file that it replaces, and its owner too where this process may.
void TakeRights(const std::filesystem::path& file, const std::filesystem::path& replaced) {
  struct stat rights = {};
  if (stat(replaced.c_str(), &rights) != 0)
    return;
  [[maybe_unused]] const int given = chown(file.c_str(), rights.st_uid, rights.st_gid);
  chmod(file.c_str(), rights.st_mode & ALLPERMS);
}

// Writes under another name first, so that whoever reads the file reads all of it. Each writer has a name of its own.
absl::Status WriteJsonFile(const std::filesystem::path& name, const json& value) {
  constexpr int kIndent = 2;
  std::error_code error;
  const std::filesystem::path real = std::filesystem::weakly_canonical(name, error);
  const std::filesystem::path path = error ? name : real;
  std::filesystem::create_directories(path.parent_path(), error);
  std::random_device random;
  const std::filesystem::path partial = absl::StrFormat("%s.%08x%08x.part", path.string(), random(), random());
  const std::string text = value.dump(kIndent, ' ', /*ensure_ascii=*/false, json::error_handler_t::replace);
  const bool is_written = (std::ofstream(partial) << text << "\n").flush().good();
  if (is_written) {
    TakeRights(partial, path);
    std::filesystem::rename(partial, path, error);
  }
  if (is_written && !error)
    return absl::OkStatus();
  std::filesystem::remove(partial, error);
  return absl::UnavailableError(absl::StrFormat("cannot write %s", path.string()));
}

bool HasValue(const json& object, std::string_view key) {
  if (!object.is_object())
    return false;
  const auto found = object.find(key);
  return found != object.end() && !found->is_null();
}

absl::StatusOr<int64_t> GetInt(const json& object, std::string_view key, std::optional<int64_t> fallback) {
  return GetTyped<int64_t>(object, key, fallback, IsInt64, "a whole number");
}

absl::StatusOr<double> GetDouble(const json& object, std::string_view key, std::optional<double> fallback) {
  return GetTyped<double>(object, key, fallback, IsNumber, "a number");
}

absl::StatusOr<bool> GetBool(const json& object, std::string_view key, std::optional<bool> fallback) {
  return GetTyped<bool>(object, key, fallback, IsBool, "true or false");
}

absl::StatusOr<std::string> GetString(const json& object, std::string_view key, std::optional<std::string> fallback) {
  return GetTyped<std::string>(object, key, std::move(fallback), IsString, "a string");
}

absl::StatusOr<std::vector<int64_t>> GetIntList(const json& object, std::string_view key,
                                                std::optional<std::vector<int64_t>> fallback) {
  return GetTyped<std::vector<int64_t>>(object, key, std::move(fallback), IsIntList, "a list of whole numbers");
}

absl::StatusOr<std::vector<double>> GetDoubleList(const json& object, std::string_view key,
                                                  std::optional<std::vector<double>> fallback) {
  return GetTyped<std::vector<double>>(object, key, std::move(fallback), IsDoubleList, "a list of numbers");
}

absl::StatusOr<std::vector<std::string>> GetStringList(const json& object, std::string_view key,
                                                       std::optional<std::vector<std::string>> fallback) {
  return GetTyped<std::vector<std::string>>(object, key, std::move(fallback), IsStringList, "a list of strings");
}

}  // namespace ruyi
