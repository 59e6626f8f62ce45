// Reads certificates and private keys out of PEM, and says in plain words what is wrong with them: gRPC takes whatever
// it is given, and every handshake fails from then on. Before it: the text of a file. After it: server/identity and the
// clients of a server. Values and functions without state; thread-safe.
#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace ruyi {

struct PemText {
  std::string path;  // for messages
  std::string text;
};

struct OpensslFree {
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using OwnedCertificate = std::unique_ptr<X509, OpensslFree>;
using OwnedKey = std::unique_ptr<EVP_PKEY, OpensslFree>;

// Returns all certificates, at least one, in the file's order. FAILED_PRECONDITION: there is none, or one is damaged.
absl::StatusOr<std::vector<OwnedCertificate>> CertificatesOf(const PemText& pem);

// Returns the private key. FAILED_PRECONDITION: there is none, or it has a passphrase; nobody is asked for it, and no
// message shows anything of the key.
absl::StatusOr<OwnedKey> KeyOf(const PemText& pem);

// Says whether `key` has the private key of the first certificate in `certificate`. FAILED_PRECONDITION: it has not, or
// one of the two is no PEM.
absl::Status CheckPair(const PemText& certificate, const PemText& key);

}  // namespace ruyi
