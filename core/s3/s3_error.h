// Understands what an S3 server says when it refuses a request, and makes statuses of it that say what to do. Before
// it: answers of the server. After it: s3_client.h. Functions without state; thread-safe.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "core/http/http_client.h"
#include "core/s3/s3_location.h"

namespace ruyi {

// Says what may be done with a request that was refused.
enum class S3Remedy {
  kNone,         // it would be refused again
  kWait,         // the server is busy or broken: send it again later
  kSetClock,     // it was signed with a clock that is wrong
  kNewIdentity,  // its credentials have expired
};

struct S3Refusal {
  int status = 0;       // of HTTP
  std::string code;     // such as "NoSuchKey"
  std::string message;  // of the server
  std::string region;   // of the bucket, where the server says it
  S3Remedy remedy = S3Remedy::kNone;
};

// Reads an answer whose status is no success.
S3Refusal RefusalOf(const HttpResponse& response);

// Returns the status for callers. NOT_FOUND: there is no such object. FAILED_PRECONDITION: the condition of the request
// does not hold. OUT_OF_RANGE: the object has no such bytes. Everything else is for an operator to mend, and nothing is
// wrong with the call: UNAVAILABLE STORE_UNAVAILABLE, with a message that says what to do.
absl::Status StatusOfRefusal(const S3Refusal& refusal, const S3Location& location);

// Returns UNAVAILABLE STORE_UNAVAILABLE with a delay after which to try again.
absl::Status StoreUnavailable(const std::string& message);

}  // namespace ruyi
