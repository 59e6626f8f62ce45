// Says where a store of objects is: a bucket, a prefix, and the server that has them. Before it: --artifacts. After it:
// s3_client.h. A value and a function without state; thread-safe.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace ruyi {

// Gives the value of an environment variable; nullopt or "" when it is not set.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;

// Returns the environment of this process.
Environment ProcessEnvironment();

struct S3Location {
  std::string bucket;
  std::string prefix;    // of all keys; empty, or ends with "/"
  std::string region;    // that requests are signed for
  std::string scheme;    // "http" or "https"
  std::string host;      // with the port, where it is not that of the scheme
  std::string key_path;  // of a URL, in front of a key: "/", or "/bucket/" where the host is not the bucket's own
};

// Returns true for "s3://...".
bool IsS3Url(std::string_view url);

// Reads "s3://BUCKET[/PREFIX][?endpoint=URL][&region=NAME]". Without an endpoint it is AWS, in the region that the URL,
// AWS_REGION or AWS_DEFAULT_REGION names; an endpoint's region is us-east-1 unless one of them names another.
// INVALID_ARGUMENT: says what is wrong with the URL.
absl::StatusOr<S3Location> ParseS3Url(std::string_view url, const Environment& environment);

}  // namespace ruyi
