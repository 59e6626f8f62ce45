// Makes certificates for tests: an authority, and what it signs. A TestAuthority is not thread-safe.
#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <string>

#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace ruyi {

// A certificate and its key, in PEM.
struct TestPair {
  std::string certificate;
  std::string key;
};

struct CertificateOptions {
  std::string common_name;        // none when empty
  std::string alternative_names;  // as OpenSSL reads them: "DNS:localhost,IP:127.0.0.1"
  absl::Time begin = absl::Now() - absl::Hours(1);
  absl::Time end = absl::Now() + absl::Hours(24);
};

struct OpensslRelease {
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};

class TestAuthority {
 public:
  explicit TestAuthority(const std::string& name);

  // Returns its own certificate, in PEM.
  std::string certificate() const;

  TestPair Sign(const CertificateOptions& options) const;

  // Returns a pair for a server on this machine.
  TestPair SignServer() const {
    return Sign({.common_name = "server", .alternative_names = "DNS:localhost,IP:127.0.0.1"});
  }

 private:
  std::unique_ptr<EVP_PKEY, OpensslRelease> key_;
  std::unique_ptr<X509, OpensslRelease> certificate_;
};

}  // namespace ruyi
