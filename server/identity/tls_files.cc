#include "server/identity/tls_files.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <fstream>
#include <memory>
#include <sstream>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "core/base/status_macros.h"

namespace ruyi {
namespace {

struct Release {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using Bio = std::unique_ptr<BIO, Release>;
using Certificate = std::unique_ptr<X509, Release>;
using Key = std::unique_ptr<EVP_PKEY, Release>;

absl::Status Wrong(const std::string& path, std::string_view what) {
  return absl::FailedPreconditionError(absl::StrFormat("%s %s", path, what));
}

absl::StatusOr<std::string> TextOf(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file.is_open() || !file.good() || text.str().empty())
    return Wrong(path, absl::StrFormat("cannot be read, or is empty (%s)", std::strerror(errno)));
  return text.str();
}

Bio BioOf(const std::string& text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

absl::StatusOr<std::vector<Certificate>> CertificatesOf(const std::string& path, const std::string& text) {
  const Bio bio = BioOf(text);
  std::vector<Certificate> certificates;
  while (Certificate next{PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)})
    certificates.push_back(std::move(next));
  const bool is_at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  ERR_clear_error();
  if (certificates.empty() || !is_at_end)
    return Wrong(path, "is no list of certificates in PEM (-----BEGIN CERTIFICATE-----)");
  return certificates;
}

// Answers that there is no passphrase; OpenSSL would ask for one at the terminal.
int NoPassphrase(char* /*buffer*/, int /*size*/, int /*writes*/, void* /*data*/) {
  return -1;
}

absl::StatusOr<Key> KeyOf(const std::string& path, const std::string& text) {
  const Bio bio = BioOf(text);
  Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, &NoPassphrase, nullptr));
  ERR_clear_error();
  if (key == nullptr)
    return Wrong(path, "is no private key in PEM without a passphrase");
  return key;
}

absl::Time TimeOf(const ASN1_TIME* time) {
  std::tm parts = {};
  return ASN1_TIME_to_tm(time, &parts) == 1 ? absl::FromTimeT(timegm(&parts)) : absl::InfinitePast();
}

absl::Status CheckTimes(const std::string& path, const X509* certificate, absl::Time now) {
  const absl::Time begin = TimeOf(X509_get0_notBefore(certificate));
  const absl::Time end = TimeOf(X509_get0_notAfter(certificate));
  if (begin <= now && now < end)
    return absl::OkStatus();
  return Wrong(path,
               absl::StrFormat("has a certificate that is valid from %s to %s, and it is %s; renew it",
                               absl::FormatTime(begin, absl::UTCTimeZone()), absl::FormatTime(end, absl::UTCTimeZone()),
                               absl::FormatTime(now, absl::UTCTimeZone())));
}

// Checks the server's own certificate and those that lead to its root, and returns when the first of them expires.
absl::StatusOr<absl::Time> CheckChain(const TlsPaths& paths, const std::vector<Certificate>& chain, EVP_PKEY* key,
                                      absl::Time now) {
  absl::Time expires = absl::InfiniteFuture();
  for (size_t i = 0; i < chain.size(); ++i) {
    RUYI_RETURN_IF_ERROR(CheckTimes(paths.certificate, chain[i].get(), now));
    expires = std::min(expires, TimeOf(X509_get0_notAfter(chain[i].get())));
    if (i > 0 && X509_check_issued(chain[i].get(), chain[i - 1].get()) != X509_V_OK)
      return Wrong(
          paths.certificate,
          absl::StrFormat("is in a wrong order: certificate %d has not signed certificate %d; put the server's "
                          "own first, and each before the one that signed it",
                          i + 1, i));
  }
  if (X509_check_private_key(chain.front().get(), key) != 1) {
    ERR_clear_error();
    return Wrong(paths.key, absl::StrFormat("is not the key of the first certificate in %s", paths.certificate));
  }
  return expires;
}

}  // namespace

absl::StatusOr<TlsTexts> ReadTlsFiles(const TlsPaths& paths, absl::Time now) {
  TlsTexts texts;
  RUYI_ASSIGN_OR_RETURN(texts.certificate, TextOf(paths.certificate));
  RUYI_ASSIGN_OR_RETURN(texts.key, TextOf(paths.key));
  RUYI_ASSIGN_OR_RETURN(const std::vector<Certificate> chain, CertificatesOf(paths.certificate, texts.certificate));
  RUYI_ASSIGN_OR_RETURN(const Key key, KeyOf(paths.key, texts.key));
  RUYI_ASSIGN_OR_RETURN(texts.expires, CheckChain(paths, chain, key.get(), now));
  if (paths.client_ca.empty())
    return texts;
  RUYI_ASSIGN_OR_RETURN(texts.client_ca, TextOf(paths.client_ca));
  RUYI_RETURN_IF_ERROR(CertificatesOf(paths.client_ca, texts.client_ca).status());
  return texts;
}

}  // namespace ruyi
