#include "core/pem/pem_text.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include <string_view>
#include <utility>

#include "absl/strings/str_format.h"
#include "core/base/status_macros.h"

namespace ruyi {
namespace {

struct BioFree {
  void operator()(BIO* bio) const { BIO_free(bio); }
};
using OwnedBio = std::unique_ptr<BIO, BioFree>;

absl::Status Wrong(const std::string& path, std::string_view what) {
  return absl::FailedPreconditionError(absl::StrFormat("%s %s", path, what));
}

OwnedBio BioOf(const std::string& text) {
  return OwnedBio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// Answers that there is no passphrase; OpenSSL would ask for one at the terminal.
int NoPassphrase(char* /*buffer*/, int /*size*/, int /*writes*/, void* /*data*/) {
  return -1;
}

}  // namespace

absl::StatusOr<std::vector<OwnedCertificate>> CertificatesOf(const PemText& pem) {
  const OwnedBio bio = BioOf(pem.text);
  std::vector<OwnedCertificate> certificates;
  while (OwnedCertificate next{PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)})
    certificates.push_back(std::move(next));
  const bool is_at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  ERR_clear_error();
  if (certificates.empty() || !is_at_end)
    return Wrong(pem.path, "is no list of certificates in PEM (-----BEGIN CERTIFICATE-----)");
  return certificates;
}

absl::StatusOr<OwnedKey> KeyOf(const PemText& pem) {
  const OwnedBio bio = BioOf(pem.text);
  OwnedKey key(PEM_read_bio_PrivateKey(bio.get(), nullptr, &NoPassphrase, nullptr));
  ERR_clear_error();
  if (key == nullptr)
    return Wrong(pem.path, "is no private key in PEM without a passphrase");
  return key;
}

absl::Status CheckPair(const PemText& certificate, const PemText& key) {
  RUYI_ASSIGN_OR_RETURN(const std::vector<OwnedCertificate> certificates, CertificatesOf(certificate));
  RUYI_ASSIGN_OR_RETURN(const OwnedKey private_key, KeyOf(key));
  const bool is_pair = X509_check_private_key(certificates.front().get(), private_key.get()) == 1;
  ERR_clear_error();
  return is_pair ? absl::OkStatus()
                 : Wrong(key.path, absl::StrFormat("is not the key of the first certificate in %s", certificate.path));
}

}  // namespace ruyi
