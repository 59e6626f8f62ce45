// Says who may call the server, and how it proves who it is: the certificate, tokens and keys that the command line
// names, read again when their files change, and the Doorkeeper that uses them. What happens is logged and counted for
// /metrics. Before it: server_options.h. After it: the listener and server/service. Thread-safe but for Refresh, which
// belongs to one thread at a time.
#pragma once

#include <grpcpp/security/server_credentials.h>
#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "core/quota/quotas.h"
#include "server/app/server_options.h"
#include "server/identity/jwt_verifier.h"
#include "server/identity/server_certificates.h"
#include "server/identity/token_registry.h"
#include "server/identity/watched_files.h"
#include "server/service/doorkeeper.h"

namespace ruyi {

class Access final : public prometheus::Collectable {
 public:
  // Reads all files. `folder` gets copies of the certificate; `clock` must outlive the object. FAILED_PRECONDITION: a
  // file cannot be read, or something in it is wrong. Blocks on the disk.
  static absl::StatusOr<std::shared_ptr<Access>> Open(const AccessOptions& options, const std::filesystem::path& folder,
                                                      const Clock& clock);

  // Reads the quotas again too when their file changes. To be called before Refresh.
  void Watch(std::shared_ptr<Quotas> quotas);

  Doorkeeper& doorkeeper() { return *doorkeeper_; }

  // Returns what the listener takes connections with; it must end before this object.
  std::shared_ptr<grpc::ServerCredentials> Credentials() const;

  // Reads the files that have changed since the last time, or with `all` all of them. What is wrong with one is logged
  // and counted, and what was read before stays. Blocks on the disk.
  void Refresh(bool all);

  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  // A kind of file that is read again.
  struct Source {
    std::string kind;  // "tls", "tokens", "jwks" or "quotas"
    WatchedFiles files;
    std::function<absl::Status()> reload;
  };

  Access(const AccessOptions& options, const Clock& clock);

  absl::Status OpenSources(const std::filesystem::path& folder);
  absl::Status Add(Source source);
  absl::StatusOr<Identity> Check(std::string_view token) const;
  void OnRefused(const Doorkeeper::Refusal& refusal);
  void OnRead(const std::string& kind, const absl::Status& status);

  const AccessOptions options_;
  const Clock& clock_;
  std::unique_ptr<ServerCertificates> certificates_;  // none: plaintext
  std::unique_ptr<TokenRegistry> tokens_;
  std::unique_ptr<JwtVerifier> jwt_;
  FailedAttempts told_;  // so that refusals do not flood the log
  std::unique_ptr<Doorkeeper> doorkeeper_;

  absl::Mutex refresh_mutex_;
  std::vector<Source> sources_ ABSL_GUARDED_BY(refresh_mutex_);
  mutable absl::Mutex mutex_;
  std::map<std::string, int64_t> refused_ ABSL_GUARDED_BY(mutex_);                        // calls, by reason
  std::map<std::pair<std::string, std::string>, int64_t> reads_ ABSL_GUARDED_BY(mutex_);  // by kind and result
};

}  // namespace ruyi
