#include "core/s3/s3_error.h"

#include <map>
#include <pugixml.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "core/base/error_info.h"
#include "core/base/error_reasons.h"

namespace ruyi {
namespace {

constexpr absl::Duration kRetryDelay = absl::Seconds(5);
constexpr int kRedirect = 301;
constexpr int kForbidden = 403;
constexpr int kNotFound = 404;
constexpr int kRequestTimeout = 408;
constexpr int kConflict = 409;
constexpr int kPreconditionFailed = 412;
constexpr int kRangeNotSatisfiable = 416;
constexpr int kTooManyRequests = 429;
constexpr int kServerError = 500;

S3Remedy RemedyOf(const S3Refusal& refusal) {
  static const auto& remedies = *new std::map<std::string, S3Remedy>{{"RequestTimeTooSkewed", S3Remedy::kSetClock},
                                                                     {"RequestExpired", S3Remedy::kSetClock},
                                                                     {"ExpiredToken", S3Remedy::kNewIdentity},
                                                                     {"RequestTimeout", S3Remedy::kWait},
                                                                     {"SlowDown", S3Remedy::kWait},
                                                                     {"BadDigest", S3Remedy::kWait},
                                                                     {"XAmzContentSHA256Mismatch", S3Remedy::kWait}};
  if (const auto known = remedies.find(refusal.code); known != remedies.end())
    return known->second;
  const bool may_pass =
      refusal.status >= kServerError || refusal.status == kTooManyRequests || refusal.status == kRequestTimeout;
  return may_pass ? S3Remedy::kWait : S3Remedy::kNone;
}

bool IsOfRegion(const S3Refusal& refusal) {
  return refusal.status == kRedirect || refusal.code == "AuthorizationHeaderMalformed" ||
         refusal.code == "IllegalLocationConstraintException" || refusal.code == "TemporaryRedirect";
}

std::string AdviceOn(const S3Refusal& refusal, const S3Location& location) {
  if (refusal.code == "NoSuchBucket")
    return absl::StrFormat("%s has no bucket '%s': make it, or correct --artifacts", location.host, location.bucket);
  if (IsOfRegion(refusal))
    return absl::StrFormat("the bucket '%s' is not in the region %s: add region=%s to --artifacts", location.bucket,
                           location.region, refusal.region.empty() ? "NAME" : refusal.region);
  if (refusal.code == "InvalidAccessKeyId" || refusal.code == "InvalidClientTokenId")
    return "S3 does not know the access key: look at the credentials of the server (docs/operations.md)";
  if (refusal.code == "SignatureDoesNotMatch")
    return "the secret does not fit the access key: look at the credentials of the server (docs/operations.md)";
  if (refusal.code == "ExpiredToken" || refusal.code == "InvalidToken")
    return "the session of the credentials has expired: give the server new ones (docs/operations.md)";
  if (refusal.remedy == S3Remedy::kSetClock)
    return "the clocks of this machine and of S3 are too far apart: set them by NTP";
  if (refusal.status == kForbidden)
    return absl::StrFormat(
        "S3 denies access to the bucket '%s': allow the server's credentials s3:ListBucket, "
        "s3:GetObject, s3:PutObject and s3:DeleteObject",
        location.bucket);
  return refusal.remedy == S3Remedy::kWait ? "S3 is busy or broken: try again later"
                                           : "S3 refuses a request that was expected to be good";
}

}  // namespace

S3Refusal RefusalOf(const HttpResponse& response) {
  pugi::xml_document document;
  document.load_buffer(response.body.data(), response.body.size());
  const pugi::xml_node error = document.child("Error");
  S3Refusal refusal = {.status = response.status,
                       .code = error.child_value("Code"),
                       .message = error.child_value("Message"),
                       .region = error.child_value("Region")};
  if (const auto region = response.headers.find("x-amz-bucket-region"); region != response.headers.end())
    refusal.region = region->second;
  refusal.remedy = RemedyOf(refusal);
  return refusal;
}

absl::Status StatusOfRefusal(const S3Refusal& refusal, const S3Location& location) {
  if (refusal.status == kNotFound && refusal.code != "NoSuchBucket")
    return absl::NotFoundError("there is no such object");
  if (refusal.status == kPreconditionFailed || refusal.status == kConflict)
    return absl::FailedPreconditionError("the object is not as the request expected it");
  if (refusal.status == kRangeNotSatisfiable)
    return absl::OutOfRangeError("the object has no such bytes");
  return StoreUnavailable(absl::StrFormat("%s (it said %d %s: %s)", AdviceOn(refusal, location), refusal.status,
                                          refusal.code, refusal.message));
}

absl::Status StoreUnavailable(const std::string& message) {
  return WithErrorInfo(absl::UnavailableError(message),
                       {.reason = std::string(reason::kStoreUnavailable), .retry_delay = kRetryDelay});
}

}  // namespace ruyi
