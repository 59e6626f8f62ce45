#include "server/identity/token_list.h"

#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "core/base/status_macros.h"
#include "core/digest/sha256.h"
#include "core/json/json_file.h"

namespace ruyi {
namespace {

using nlohmann::json;

constexpr int kFormat = 1;
constexpr size_t kIdBytes = 6;
constexpr size_t kSecretBytes = 32;
constexpr size_t kDigestDigits = 64;

template <size_t kSize>
std::string RandomBytes() {
  std::array<unsigned char, kSize> bytes;
  if (RAND_bytes(bytes.data(), kSize) != 1)
    std::abort();  // the machine has no randomness: nothing that is made here would be secret
  return std::string(bytes.begin(), bytes.end());
}

bool IsHex(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](unsigned char c) { return absl::ascii_isxdigit(c); });
}

std::string TextOfTime(absl::Time time) {
  return absl::FormatTime(absl::RFC3339_sec, time, absl::UTCTimeZone());
}

absl::Status Wrong(size_t index, std::string_view what) {
  return absl::FailedPreconditionError(absl::StrFormat("tokens[%d]: %s", index, what));
}

// Keys that nobody knows are refused: one that is misspelt would be a limit that does not hold.
absl::Status CheckKeys(const json& object, const std::set<std::string>& known, const std::string& place) {
  for (const auto& [key, value] : object.items()) {
    if (!known.contains(key))
      return absl::FailedPreconditionError(
          absl::StrFormat("%s has a key that this server does not know; use %s", place, absl::StrJoin(known, ", ")));
  }
  return absl::OkStatus();
}

std::string TextOf(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

absl::StatusOr<TokenEntry> EntryOf(const json& object, size_t index) {
  if (!object.is_object())
    return Wrong(index, "must be an object");
  RUYI_RETURN_IF_ERROR(CheckKeys(object, {"id", "sha256", "tenant", "role", "created", "expires"},
                                 absl::StrFormat("tokens[%d]", index)));
  TokenEntry entry = {.id = TextOf(object, "id"),
                      .sha256 = absl::AsciiStrToLower(TextOf(object, "sha256")),
                      .tenant = TextOf(object, "tenant")};
  if (entry.id.size() != 2 * kIdBytes || !IsHex(entry.id))
    return Wrong(index, "'id' must be 12 hex digits");
  if (entry.sha256.size() != kDigestDigits || !IsHex(entry.sha256))
    return Wrong(index, "'sha256' must be the SHA-256 of the token, 64 hex digits");
  if (!IsIdentityName(entry.tenant))
    return Wrong(index, "'tenant' must have 1 to 128 printable ASCII characters without spaces");
  const std::optional<Role> role = RoleOf(TextOf(object, "role"));
  if (!role.has_value())
    return Wrong(index, "'role' must be user or admin");
  entry.role = *role;
  if (!absl::ParseTime(absl::RFC3339_full, TextOf(object, "created"), &entry.created, nullptr))
    return Wrong(index, "'created' must be a time, such as 2026-11-28T12:00:00Z");
  if (object.contains("expires") &&
      !absl::ParseTime(absl::RFC3339_full, TextOf(object, "expires"), &entry.expires.emplace(), nullptr))
    return Wrong(index, "'expires' must be a time, such as 2027-11-28T12:00:00Z, or be left out");
  return entry;
}

absl::StatusOr<std::vector<TokenEntry>> TokensOf(const json& object) {
  RUYI_RETURN_IF_ERROR(CheckKeys(object, {"format", "tokens"}, "the file"));
  if (!object.contains("format") || object["format"] != kFormat)
    return absl::FailedPreconditionError(absl::StrFormat("'format' must be %d", kFormat));
  if (!object.contains("tokens") || !object["tokens"].is_array())
    return absl::FailedPreconditionError("'tokens' must be a list");
  std::vector<TokenEntry> tokens;
  std::set<std::string> ids;
  for (const json& item : object["tokens"]) {
    RUYI_ASSIGN_OR_RETURN(TokenEntry entry, EntryOf(item, tokens.size()));
    if (!ids.insert(entry.id).second)
      return Wrong(tokens.size(), "'id' is that of an earlier token; each must have its own");
    tokens.push_back(std::move(entry));
  }
  return tokens;
}

}  // namespace

NewToken MakeToken(const std::string& tenant, Role role, absl::Time created, std::optional<absl::Time> expires) {
  NewToken made;
  made.entry = {.id = absl::BytesToHexString(RandomBytes<kIdBytes>()),
                .tenant = tenant,
                .role = role,
                .created = created,
                .expires = expires};
  made.text =
      absl::StrCat(kTokenPrefix.data(), made.entry.id, "_", absl::BytesToHexString(RandomBytes<kSecretBytes>()));
  made.entry.sha256 = Sha256Hex(made.text);
  return made;
}

std::string_view IdOfToken(std::string_view token) {
  constexpr size_t kIdEnd = kTokenPrefix.size() + 2 * kIdBytes;
  if (token.substr(0, kTokenPrefix.size()) != kTokenPrefix || token.size() <= kIdEnd || token[kIdEnd] != '_')
    return "";
  return token.substr(kTokenPrefix.size(), 2 * kIdBytes);
}

absl::StatusOr<std::vector<TokenEntry>> ReadTokens(const std::string& path) {
  absl::StatusOr<std::vector<TokenEntry>> tokens = ParseJsonFile(path, TokensOf);
  if (!tokens.ok())
    return absl::FailedPreconditionError(
        absl::StrFormat("the tokens cannot be read: %s", std::string(tokens.status().message())));
  return tokens;
}

absl::Status WriteTokens(const std::string& path, const std::vector<TokenEntry>& tokens) {
  json list = json::array();
  for (const TokenEntry& entry : tokens) {
    json item = {{"id", entry.id},
                 {"sha256", entry.sha256},
                 {"tenant", entry.tenant},
                 {"role", NameOf(entry.role)},
                 {"created", TextOfTime(entry.created)}};
    if (entry.expires.has_value())
      item["expires"] = TextOfTime(*entry.expires);
    list.push_back(std::move(item));
  }
  return WriteJsonFile(path, {{"format", kFormat}, {"tokens", std::move(list)}});
}

}  // namespace ruyi
