#include "core/digest/sha256.h"

#include "absl/strings/escaping.h"

namespace ruyi {
namespace {

constexpr size_t kSha256Bytes = 32;

}  // namespace

Sha256::Sha256() : context_(EVP_MD_CTX_new(), &EVP_MD_CTX_free) {
  EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr);
}

void Sha256::Update(std::string_view bytes) {
  EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size());
}

std::string Sha256::Finish() {
  std::string digest(kSha256Bytes, '\0');
  EVP_DigestFinal_ex(context_.get(), reinterpret_cast<unsigned char*>(digest.data()), nullptr);
  return digest;
}

std::string Sha256Hex(std::string_view bytes) {
  Sha256 sha256;
  sha256.Update(bytes);
  return absl::BytesToHexString(sha256.Finish());
}

}  // namespace ruyi
