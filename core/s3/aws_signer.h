// Signs requests as AWS wants it: Signature Version 4 with HMAC-SHA256
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html). Before it: s3_client.h.
// After it: a header that the server checks. Functions without state; thread-safe.
#pragma once

#include <map>
#include <string>

#include "absl/time/time.h"
#include "core/s3/aws_credentials.h"

namespace ruyi {

// A request as it is signed. Path and query are not percent-encoded yet; names of headers are in lower case, "host" is
// among them, and all of them are signed.
struct AwsRequest {
  std::string method;
  std::string path = "/";
  std::map<std::string, std::string> query;
  std::map<std::string, std::string> headers;
  std::string payload_sha256;  // of the body, in hex
};

// Says when and for what a signature is good.
struct AwsScope {
  absl::Time time;
  std::string region;
  std::string service;
};

// Returns the text whose digest is signed.
std::string CanonicalRequest(const AwsRequest& request);

// Adds the headers x-amz-date, x-amz-security-token where the credentials have one, and authorization. A server takes
// the signature for about 15 minutes around `scope.time`.
void SignRequest(const AwsScope& scope, const AwsCredentials& credentials, AwsRequest& request);

}  // namespace ruyi
