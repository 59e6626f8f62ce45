// Reads the files of a server's certificate, and says whether gRPC may have them: it takes whatever it is given, and
// every handshake fails from then on. Before it: --tls-cert, --tls-key and --tls-client-ca. After it:
// server_certificates.h. A value and a function without state; thread-safe.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace ruyi {

struct TlsPaths {
  std::string certificate;  // PEM: the server's certificate, then those that lead to a root
  std::string key;          // PEM, without a passphrase
  std::string client_ca;    // PEM: who may sign clients' certificates; empty: clients need none
};

struct TlsTexts {
  std::string certificate;
  std::string key;
  std::string client_ca;
  absl::Time expires;  // the certificate, or one that leads to its root
};

// Returns the texts of the files. FAILED_PRECONDITION: a file cannot be read or is no PEM, the key is another
// certificate's, a certificate did not sign the one before it, or one is not valid at `now`. The message shows nothing
// of the key. Blocks on the disk.
absl::StatusOr<TlsTexts> ReadTlsFiles(const TlsPaths& paths, absl::Time now);

}  // namespace ruyi
