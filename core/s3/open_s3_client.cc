#include "core/s3/open_s3_client.h"

#include <utility>

#include "core/base/status_macros.h"
#include "core/base/wake_up.h"
#include "core/http/curl_http_client.h"
#include "core/s3/credentials_provider.h"

namespace ruyi {

absl::StatusOr<std::unique_ptr<S3Client>> OpenS3Client(const std::string& url, const Environment& environment,
                                                       const Clock& clock) {
  RUYI_ASSIGN_OR_RETURN(S3Location location, ParseS3Url(url, environment));
  auto http = std::make_unique<CurlHttpClient>(CurlOptions{.ca_file = environment("AWS_CA_BUNDLE").value_or("")});
  RUYI_ASSIGN_OR_RETURN(std::unique_ptr<CredentialsProvider> credentials,
                        MakeCredentialsProvider(environment, location.region, *http, clock));
  return std::make_unique<S3Client>(S3Client::Parts{.location = std::move(location),
                                                    .http = std::move(http),
                                                    .credentials = std::move(credentials),
                                                    .clock = &clock,
                                                    .wait = [](absl::Duration wait) { WakeUp().Wait(wait); }});
}

}  // namespace ruyi
