#include "tests/server/identity/test_jwt.h"

#include <cstdlib>
#include <vector>

namespace ruyi {
namespace {

using nlohmann::json;

constexpr size_t kRsaBits = 2048;
constexpr size_t kShortRsaBits = 1024;
constexpr size_t kSecretBits = 256;

cjose_jwk_t* MakeKey(TestJwtKey::Kind kind) {
  cjose_err error;
  switch (kind) {
    case TestJwtKey::Kind::kRsa:
      return cjose_jwk_create_RSA_random(kRsaBits, nullptr, 0, &error);
    case TestJwtKey::Kind::kShortRsa:
      return cjose_jwk_create_RSA_random(kShortRsaBits, nullptr, 0, &error);
    case TestJwtKey::Kind::kP256:
      return cjose_jwk_create_EC_random(CJOSE_JWK_EC_P_256, &error);
    case TestJwtKey::Kind::kP384:
      return cjose_jwk_create_EC_random(CJOSE_JWK_EC_P_384, &error);
    case TestJwtKey::Kind::kSecret:
      return cjose_jwk_create_oct_random(kSecretBits, &error);
  }
  return nullptr;
}

const char* AlgorithmOf(TestJwtKey::Kind kind) {
  switch (kind) {
    case TestJwtKey::Kind::kRsa:
    case TestJwtKey::Kind::kShortRsa:
      return "RS256";
    case TestJwtKey::Kind::kP256:
      return "ES256";
    case TestJwtKey::Kind::kP384:
      return "ES384";
    case TestJwtKey::Kind::kSecret:
      return "HS256";
  }
  return "";
}

}  // namespace

TestJwtKey::TestJwtKey(const std::string& id, Kind kind) : id_(id), kind_(kind), key_(MakeKey(kind)) {
  cjose_err error;
  cjose_jwk_set_kid(key_.get(), id.data(), id.size(), &error);
}

json TestJwtKey::PublicKey() const {
  cjose_err error;
  char* const text = cjose_jwk_to_json(key_.get(), /*priv=*/kind_ == Kind::kSecret, &error);
  json key = json::parse(text);
  std::free(text);
  return key;
}

std::string TestJwtKey::Sign(const json& claims, const json& header) const {
  cjose_err error;
  json merged = {{"alg", AlgorithmOf(kind_)}, {"kid", id_}};
  if (header.is_object())
    merged.update(header);
  cjose_header_t* const made = cjose_header_new(&error);
  for (const auto& [key, value] : merged.items()) {
    if (value.is_string())
      cjose_header_set(made, key.c_str(), value.get<std::string>().c_str(), &error);
    else if (!value.is_null())
      cjose_header_set_raw(made, key.c_str(), value.dump().c_str(), &error);
  }
  const std::string text = claims.dump();
  cjose_jws_t* const jws =
      cjose_jws_sign(key_.get(), made, reinterpret_cast<const uint8_t*>(text.data()), text.size(), &error);
  const char* compact = nullptr;
  std::string token;
  if (jws != nullptr && cjose_jws_export(jws, &compact, &error))
    token = compact;
  cjose_jws_release(jws);
  cjose_header_release(made);
  return token;
}

std::string KeySetOf(const std::vector<json>& keys) {
  return json({{"keys", keys}}).dump();
}

}  // namespace ruyi
