// SHA-256 of bytes (FIPS 180-4). Before it: files of LoRAs and of the model. After it: core/lora and core/weights,
// which tell by it what a file held. Not thread-safe; objects of different threads do not meet.
#pragma once

#include <openssl/evp.h>

#include <memory>
#include <string>
#include <string_view>

namespace ruyi {

class Sha256 {
 public:
  Sha256();

  void Add(std::string_view bytes);

  // Returns the digest of all that was added: 64 hexadecimal digits in lower case. Nothing may be added after it.
  std::string Hex();

 private:
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
};

// Returns the digest of `bytes` alone.
std::string Sha256Hex(std::string_view bytes);

}  // namespace ruyi
