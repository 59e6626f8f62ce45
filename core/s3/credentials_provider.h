// Gives the credentials that requests are signed with: those of the environment, of a file, or ones that are fetched
// for a token of the platform. Before it: the environment. After it: s3_client.h. Implementations are thread-safe.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "core/base/clock.h"
#include "core/http/http_client.h"
#include "core/s3/aws_credentials.h"
#include "core/s3/s3_location.h"

namespace ruyi {

class CredentialsProvider {
 public:
  virtual ~CredentialsProvider() = default;

  // Returns credentials that are good now. UNAVAILABLE: says why there are none. May block on a file or a server.
  virtual absl::StatusOr<AwsCredentials> Get() = 0;

  // To be called when the server says that they are good no more: Get does not give the same ones again where it can
  // have others. Does not block.
  virtual void Expire() = 0;
};

// Chooses by `environment`, in this order: AWS_ACCESS_KEY_ID with AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN;
// AWS_WEB_IDENTITY_TOKEN_FILE with AWS_ROLE_ARN, as Kubernetes sets them for a service account; the section AWS_PROFILE
// (default) of AWS_SHARED_CREDENTIALS_FILE (~/.aws/credentials). `http` and `clock` must outlive the provider, which
// asks no server before Get. FAILED_PRECONDITION: what is set is not whole, or there is neither of them.
absl::StatusOr<std::unique_ptr<CredentialsProvider>> MakeCredentialsProvider(const Environment& environment,
                                                                             const std::string& region,
                                                                             HttpClient& http, const Clock& clock);

}  // namespace ruyi
