#include "server/identity/jwt_verifier.h"

#include <cjose/cjose.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "core/base/error_info.h"
#include "core/base/error_reasons.h"
#include "core/base/status_macros.h"
#include "core/json/json_file.h"

namespace ruyi {
namespace {

using nlohmann::json;

struct JwkRelease {
  void operator()(cjose_jwk_t* key) const { cjose_jwk_release(key); }
};
struct JwsRelease {
  void operator()(cjose_jws_t* jws) const { cjose_jws_release(jws); }
};
using Jwk = std::unique_ptr<cjose_jwk_t, JwkRelease>;
using Jws = std::unique_ptr<cjose_jws_t, JwsRelease>;

constexpr size_t kLeastRsaBits = 2048;

absl::Status Invalid(std::string_view what) {
  return ErrorWithReason(absl::StatusCode::kUnauthenticated, absl::StrFormat("the token is not taken: %s", what),
                         reason::kCredentialsInvalid);
}

absl::Status Expired() {
  return ErrorWithReason(absl::StatusCode::kUnauthenticated, "the token has expired; ask its issuer for a new one",
                         reason::kCredentialsExpired);
}

std::string TextOf(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

std::string HeaderOf(cjose_jws_t* jws, const char* key) {
  cjose_err error;
  const char* value = cjose_header_get(cjose_jws_get_protected(jws), key, &error);
  return value == nullptr ? "" : value;
}

// Returns a key that serves to check signatures; none for others, which a file may hold too.
Jwk KeyOf(const json& object) {
  const std::string type = object.is_object() ? TextOf(object, "kty") : "";
  const bool is_p256 = type == "EC" && TextOf(object, "crv") == "P-256";
  if ((type != "RSA" && !is_p256) || TextOf(object, "use") == "enc")
    return nullptr;
  cjose_err error;
  const std::string text = object.dump();
  Jwk key(cjose_jwk_import(text.data(), text.size(), &error));
  if (key != nullptr && type == "RSA" && cjose_jwk_get_keysize(key.get(), &error) < kLeastRsaBits)
    return nullptr;
  return key;
}

// Returns seconds since 1970 as JSON may hold them; nullopt when the claim is none.
std::optional<absl::Time> TimeOf(const json& claims, const char* key) {
  const auto found = claims.find(key);
  if (found == claims.end() || !found->is_number() || !std::isfinite(found->get<double>()))
    return std::nullopt;
  return absl::UnixEpoch() + absl::Seconds(found->get<double>());
}

bool IsFor(const json& claims, const std::string& audience) {
  const auto found = claims.find("aud");
  if (found == claims.end())
    return false;
  return found->is_array() ? std::find(found->begin(), found->end(), json(audience)) != found->end()
                           : *found == json(audience);
}

// Returns the claims of a token that `key` has signed as its header says. The algorithm has to be one that fits the
// key's type, so that no public key is ever taken for a shared secret.
absl::StatusOr<json> VerifiedClaims(cjose_jws_t* jws, const cjose_jwk_t* key) {
  cjose_err error;
  const std::string algorithm = HeaderOf(jws, "alg");
  const bool is_rsa = cjose_jwk_get_kty(key, &error) == CJOSE_JWK_KTY_RSA;
  if (algorithm != (is_rsa ? "RS256" : "ES256"))
    return Invalid("its algorithm must be RS256 or ES256, as fits its key");
  if (!cjose_jws_verify(jws, key, &error))
    return Invalid("its signature is wrong");
  uint8_t* bytes = nullptr;  // owned by jws
  size_t size = 0;
  if (!cjose_jws_get_plaintext(jws, &bytes, &size, &error))
    return Invalid("it has no claims");
  absl::StatusOr<json> claims = ParseJson({reinterpret_cast<const char*>(bytes), size}, "claims");
  if (!claims.ok() || !claims->is_object())
    return Invalid("its claims are no JSON object");
  return claims;
}

absl::StatusOr<Identity> IdentityOf(const json& claims) {
  Identity identity = {.principal = TextOf(claims, "sub"), .tenant = TextOf(claims, "tenant")};
  if (!IsIdentityName(identity.principal) || !IsIdentityName(identity.tenant)) {
    return ErrorWithReason(absl::StatusCode::kPermissionDenied,
                           "the token is right but names no tenant; its claims 'sub' and 'tenant' must have 1 to 128 "
                           "printable ASCII characters without spaces",
                           reason::kNoTenant);
  }
  if (!claims.contains("role"))
    return identity;
  const std::optional<Role> role = RoleOf(TextOf(claims, "role"));
  if (!role.has_value())
    return ErrorWithReason(absl::StatusCode::kPermissionDenied,
                           "the token is right but its claim 'role' is neither user nor admin", reason::kUnknownRole);
  identity.role = *role;
  return identity;
}

}  // namespace

class JwtVerifier::Keys {
 public:
  static absl::StatusOr<std::shared_ptr<const Keys>> Of(const json& object) {
    auto keys = std::make_shared<Keys>();
    if (object.contains("keys") && object["keys"].is_array()) {
      for (const json& item : object["keys"]) {
        if (Jwk key = KeyOf(item); key != nullptr)
          keys->keys_.emplace_back(TextOf(item, "kid"), std::move(key));
      }
    }
    if (keys->keys_.empty())
      return absl::FailedPreconditionError(
          "has no key that serves; it must be a JSON Web Key Set ({\"keys\": [...]}) with RSA keys of 2048 bits or "
          "more, or EC keys on P-256");
    return keys;
  }

  // Returns the key that a token names, or the only one when it names none; null when there is no such key.
  const cjose_jwk_t* Find(const std::string& kid) const {
    if (kid.empty())
      return keys_.size() == 1 ? keys_.front().second.get() : nullptr;
    const auto found = std::find_if(keys_.begin(), keys_.end(), [&](const auto& key) { return key.first == kid; });
    return found == keys_.end() ? nullptr : found->second.get();
  }

 private:
  std::vector<std::pair<std::string, Jwk>> keys_;  // by kid
};

JwtVerifier::JwtVerifier(JwtOptions options, const Clock& clock) : options_(std::move(options)), clock_(clock) {}

JwtVerifier::~JwtVerifier() = default;

absl::Status JwtVerifier::Reload() {
  absl::StatusOr<std::shared_ptr<const Keys>> keys = ParseJsonFile(options_.jwks, Keys::Of);
  if (!keys.ok())
    return absl::FailedPreconditionError(
        absl::StrFormat("the keys of tokens cannot be read: %s", std::string(keys.status().message())));
  absl::MutexLock lock(&mutex_);
  keys_ = *std::move(keys);
  return absl::OkStatus();
}

absl::StatusOr<Identity> JwtVerifier::Check(std::string_view token) const {
  std::shared_ptr<const Keys> keys;
  {
    absl::MutexLock lock(&mutex_);
    keys = keys_;
  }
  cjose_err error;
  const Jws jws(cjose_jws_import(token.data(), token.size(), &error));
  if (jws == nullptr)
    return Invalid("it is no signed JWT");
  if (char* const critical = cjose_header_get_raw(cjose_jws_get_protected(jws.get()), "crit", &error)) {
    cjose_get_dealloc()(critical);
    return Invalid("its header 'crit' asks for what this server does not know");
  }
  const cjose_jwk_t* key = keys == nullptr ? nullptr : keys->Find(HeaderOf(jws.get(), "kid"));
  if (key == nullptr)
    return Invalid("its key ('kid') is none that this server trusts");
  RUYI_ASSIGN_OR_RETURN(const json claims, VerifiedClaims(jws.get(), key));
  const absl::Time now = clock_.Now();
  const std::optional<absl::Time> expires = TimeOf(claims, "exp");
  if (!expires.has_value() || (claims.contains("nbf") && !TimeOf(claims, "nbf").has_value()))
    return Invalid("its claims 'exp', which it must have, and 'nbf' must be numbers of seconds");
  if (TextOf(claims, "iss") != options_.issuer || !IsFor(claims, options_.audience))
    return Invalid("its issuer or audience is another one than this server's");
  if (TimeOf(claims, "nbf").value_or(now) > now + kClockSkew)
    return Invalid("it is not valid yet");
  if (*expires <= now - kClockSkew)
    return Expired();
  return IdentityOf(claims);
}

}  // namespace ruyi
