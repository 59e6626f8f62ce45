// Computes the SHA-256 of bytes, whole or piece by piece. It names blobs, and finished files are checked against it.
// Not thread-safe.
#pragma once

#include <openssl/evp.h>

#include <memory>
#include <string>
#include <string_view>

namespace ruyi {

class Sha256 {
 public:
  Sha256();

  void Update(std::string_view bytes);

  // Returns the 32 bytes of the digest. Nothing may be called after it.
  std::string Finish();

 private:
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
};

// Returns the digest of `bytes` as 64 lower-case hex digits.
std::string Sha256Hex(std::string_view bytes);

}  // namespace ruyi
