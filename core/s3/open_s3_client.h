// Makes the client of a bucket from its URL and the environment. Before it: the composition root. After it:
// s3_client.h. A function without state; thread-safe.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "core/base/clock.h"
#include "core/s3/s3_client.h"
#include "core/s3/s3_location.h"

namespace ruyi {

// `url` is one that ParseS3Url reads; AWS_CA_BUNDLE names a file of certificates to trust. Asks no server. `clock` must
// outlive the client. Errors: those of ParseS3Url and MakeCredentialsProvider.
absl::StatusOr<std::unique_ptr<S3Client>> OpenS3Client(const std::string& url, const Environment& environment,
                                                       const Clock& clock);

}  // namespace ruyi
