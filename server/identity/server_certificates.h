// Gives gRPC the server's certificate, and a new one while connections go on. gRPC reads files of ours and never the
// operator's: those are checked first, so that a pair that does not match, or half of a new one, changes nothing.
// Before it: tls_files.h. After it: gRPC's listener. Thread-safe but for Reload, which belongs to one thread.
#pragma once

#include <grpcpp/security/server_credentials.h>

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "core/base/clock.h"
#include "server/identity/tls_files.h"

namespace ruyi {

class ServerCertificates {
 public:
  // Reads the files, and keeps copies in `folder`, which is emptied and which only this process's user can read.
  // `clock` must outlive the object. FAILED_PRECONDITION: see ReadTlsFiles, or the folder cannot be written. Blocks on
  // the disk.
  static absl::StatusOr<std::unique_ptr<ServerCertificates>> Open(TlsPaths paths, std::filesystem::path folder,
                                                                  const Clock& clock);

  // Removes the copies.
  ~ServerCertificates();

  // Reads the files again; new connections get what they hold within two seconds. The errors of Open, after which
  // everything is as before. Blocks on the disk.
  absl::Status Reload();

  // Returns credentials that follow the files: TLS 1.2 and 1.3, and where a client_ca was named, clients with a
  // certificate that it has signed alone. They must end before this object.
  std::shared_ptr<grpc::ServerCredentials> Credentials() const;

  // Returns when the certificate expires.
  absl::Time expires() const { return absl::FromUnixSeconds(expires_); }

 private:
  ServerCertificates(TlsPaths paths, std::filesystem::path folder, const Clock& clock)
      : paths_(std::move(paths)), folder_(std::move(folder)), clock_(clock) {}

  absl::Status Install(const TlsTexts& texts);

  const TlsPaths paths_;
  const std::filesystem::path folder_;
  const Clock& clock_;
  int generation_ = 0;
  std::atomic<int64_t> expires_ = 0;  // seconds since 1970
};

}  // namespace ruyi
