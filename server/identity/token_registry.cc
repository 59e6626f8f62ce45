#include "server/identity/token_registry.h"

#include <openssl/crypto.h>

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/error_info.h"
#include "core/base/error_reasons.h"
#include "core/base/status_macros.h"
#include "core/digest/sha256.h"

namespace ruyi {

absl::Status TokenRegistry::Reload() {
  RUYI_ASSIGN_OR_RETURN(std::vector<TokenEntry> entries, ReadTokens(path_));
  auto tokens = std::make_shared<Tokens>();
  for (TokenEntry& entry : entries)
    tokens->emplace(entry.id, std::move(entry));
  absl::MutexLock lock(&mutex_);
  tokens_ = std::move(tokens);
  return absl::OkStatus();
}

absl::StatusOr<Identity> TokenRegistry::Check(std::string_view token) const {
  std::shared_ptr<const Tokens> tokens;
  {
    absl::MutexLock lock(&mutex_);
    tokens = tokens_;
  }
  const std::string digest = Sha256Hex(token);
  const auto found = tokens->find(IdOfToken(token));
  if (found == tokens->end() || CRYPTO_memcmp(found->second.sha256.data(), digest.data(), digest.size()) != 0) {
    return ErrorWithReason(absl::StatusCode::kUnauthenticated,
                           "the token is none that this server knows, or was revoked; use another one",
                           reason::kCredentialsInvalid);
  }
  const TokenEntry& entry = found->second;
  if (entry.expires.has_value() && *entry.expires <= clock_.Now())
    return ErrorWithReason(absl::StatusCode::kUnauthenticated, "the token has expired; ask for a new one",
                           reason::kCredentialsExpired);
  return Identity{.principal = absl::StrCat("token-", entry.id), .tenant = entry.tenant, .role = entry.role};
}

}  // namespace ruyi
