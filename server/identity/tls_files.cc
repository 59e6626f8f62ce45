#include "server/identity/tls_files.h"

#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <ctime>
#include <string_view>
#include <vector>

#include "absl/strings/str_format.h"
#include "core/base/status_macros.h"
#include "core/base/text_file.h"
#include "core/pem/pem_text.h"

namespace ruyi {
namespace {

absl::Status Wrong(const std::string& path, std::string_view what) {
  return absl::FailedPreconditionError(absl::StrFormat("%s %s", path, what));
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
absl::StatusOr<absl::Time> CheckChain(const TlsPaths& paths, const std::vector<OwnedCertificate>& chain,
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
  return expires;
}

}  // namespace

absl::StatusOr<TlsTexts> ReadTlsFiles(const TlsPaths& paths, absl::Time now) {
  TlsTexts texts;
  RUYI_ASSIGN_OR_RETURN(texts.certificate, ReadTextFile(paths.certificate));
  RUYI_ASSIGN_OR_RETURN(texts.key, ReadTextFile(paths.key));
  const PemText certificate = {paths.certificate, texts.certificate};
  RUYI_RETURN_IF_ERROR(CheckPair(certificate, {paths.key, texts.key}));
  RUYI_ASSIGN_OR_RETURN(const std::vector<OwnedCertificate> chain, CertificatesOf(certificate));
  RUYI_ASSIGN_OR_RETURN(texts.expires, CheckChain(paths, chain, now));
  if (paths.client_ca.empty())
    return texts;
  RUYI_ASSIGN_OR_RETURN(texts.client_ca, ReadTextFile(paths.client_ca));
  RUYI_RETURN_IF_ERROR(CertificatesOf({paths.client_ca, texts.client_ca}).status());
  return texts;
}

}  // namespace ruyi
