// Makes JSON Web Tokens for tests: a key, and what it signs. Thread-safe.
#pragma once

#include <cjose/cjose.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace ruyi {

class TestJwtKey {
 public:
  enum class Kind { kRsa, kShortRsa, kP256, kP384, kSecret };

  TestJwtKey(const std::string& id, Kind kind);

  // Returns the public key as it stands in a JSON Web Key Set.
  nlohmann::json PublicKey() const;

  // Returns a token with these claims. `header` replaces parts of the usual header: alg and kid.
  std::string Sign(const nlohmann::json& claims, const nlohmann::json& header = {}) const;

 private:
  struct Release {
    void operator()(cjose_jwk_t* key) const { cjose_jwk_release(key); }
  };

  const std::string id_;
  const Kind kind_;
  std::unique_ptr<cjose_jwk_t, Release> key_;
};

// Returns the text of a JSON Web Key Set.
std::string KeySetOf(const std::vector<nlohmann::json>& keys);

}  // namespace ruyi
