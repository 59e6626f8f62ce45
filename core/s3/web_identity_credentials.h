// Fetches credentials for a token of the platform, as AWS calls it by web identity: STS takes the token that Kubernetes
// keeps in a file and gives keys for some time. New ones are fetched before these expire. Thread-safe.
#pragma once

#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "core/base/clock.h"
#include "core/s3/credentials_provider.h"

namespace ruyi {

struct WebIdentity {
  std::string token_file;
  std::string role_arn;
  std::string session_name;
  std::string endpoint;  // of STS, such as "https://sts.eu-west-1.amazonaws.com"
};

class WebIdentityCredentials final : public CredentialsProvider {
 public:
  // `http` and `clock` must outlive it.
  WebIdentityCredentials(WebIdentity identity, HttpClient& http, const Clock& clock)
      : identity_(std::move(identity)), http_(http), clock_(clock) {}

  // Fetches new credentials from five minutes before these expire; those that are still good serve while STS is away.
  // UNAVAILABLE: there are none. Blocks on STS, and lets one thread ask at a time.
  absl::StatusOr<AwsCredentials> Get() override;
  void Expire() override;

 private:
  absl::StatusOr<AwsCredentials> Fetch() const;

  const WebIdentity identity_;
  HttpClient& http_;
  const Clock& clock_;
  absl::Mutex mutex_;
  AwsCredentials credentials_ ABSL_GUARDED_BY(mutex_) = {.expire_time = absl::InfinitePast()};
};

}  // namespace ruyi
