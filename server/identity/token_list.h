// Reads, writes and makes bearer tokens: a JSON file with their SHA-256, tenant, role and expiry, never their text. A
// token is 256 random bits, so that its SHA-256 is enough: nobody finds it by trying. Before it: --tokens, and
// `ruyi-server token`. After it: token_registry.h. Values and functions without state; thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/identity/identity.h"

namespace ruyi {

// Every token begins with it, so that leaked ones are found by a search.
inline constexpr std::string_view kTokenPrefix = "ruyi_";

struct TokenEntry {
  std::string id;      // of the token, for people: no secret
  std::string sha256;  // of the token's text, in hex
  std::string tenant;
  Role role = Role::kUser;
  absl::Time created;
  std::optional<absl::Time> expires;  // absent: never
};

struct NewToken {
  TokenEntry entry;
  std::string text;  // what the caller sends: "ruyi_ID_SECRET"
};

// Draws a token. The tenant must be an IsIdentityName.
NewToken MakeToken(const std::string& tenant, Role role, absl::Time created, std::optional<absl::Time> expires);

// Returns the id in a token's text; empty when it has another form.
std::string_view IdOfToken(std::string_view token);

// Returns the tokens in a file. FAILED_PRECONDITION: it cannot be read, or something in it is wrong; the message says
// what, and shows no value of the file. Blocks on the disk.
absl::StatusOr<std::vector<TokenEntry>> ReadTokens(const std::string& path);

// Writes the file in place of what is there, whole or not at all. UNAVAILABLE: it cannot be written. Blocks on the
// disk.
absl::Status WriteTokens(const std::string& path, const std::vector<TokenEntry>& tokens);

}  // namespace ruyi
