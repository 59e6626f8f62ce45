#include "client/retry_policy.h"

#include <google/rpc/error_details.pb.h>

#include <algorithm>

#include "client/connection_fault.h"
#include "client/seconds.h"
#include "client/status_text.h"

namespace ruyi::client {
namespace {

constexpr absl::Duration kFirstDelay = absl::Seconds(1);
constexpr absl::Duration kLongestDelay = absl::Seconds(15);
constexpr double kGrowth = 1.6;  // as in gRPC's channels
constexpr double kJitter = 0.2;

std::optional<absl::Duration> DelayOfServer(const grpc::Status& status) {
  const auto retry = FindDetail<google::rpc::RetryInfo>(WithDetails(status));
  return retry.has_value() ? std::optional(DurationOf(retry->retry_delay())) : std::nullopt;
}

bool IsWordOfServer(const grpc::Status& status) {
  return FindDetail<google::rpc::ErrorInfo>(WithDetails(status)).has_value();
}

bool IsTheSameNextTime(grpc::StatusCode code) {
  switch (code) {
    case grpc::StatusCode::INVALID_ARGUMENT:
    case grpc::StatusCode::NOT_FOUND:
    case grpc::StatusCode::ALREADY_EXISTS:
    case grpc::StatusCode::PERMISSION_DENIED:
    case grpc::StatusCode::FAILED_PRECONDITION:
    case grpc::StatusCode::OUT_OF_RANGE:
    case grpc::StatusCode::UNIMPLEMENTED:
    case grpc::StatusCode::DATA_LOSS:
    case grpc::StatusCode::UNAUTHENTICATED:
      return true;
    default:
      return false;
  }
}

}  // namespace

bool MayCallAgain(const grpc::Status& status) {
  switch (status.error_code()) {
    case grpc::StatusCode::UNAVAILABLE:
      return !IsLastingFault(status);
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
    case grpc::StatusCode::ABORTED:
      return DelayOfServer(status).has_value();
    case grpc::StatusCode::CANCELLED:
      return !IsWordOfServer(status);
    default:
      return false;
  }
}

bool MayStreamAgain(const grpc::Status& status) {
  if (IsWordOfServer(status))
    return MayCallAgain(status);
  return !IsTheSameNextTime(status.error_code()) && !IsLastingFault(status);
}

std::optional<absl::Duration> RetryPolicy::Next(absl::Time now, const grpc::Status& status) {
  if (!first_failure_.has_value()) {
    first_failure_ = now;
    delay_ = kFirstDelay;
  }
  const absl::Duration left = *first_failure_ + window_ - now;
  const absl::Duration asked = DelayOfServer(status).value_or(absl::ZeroDuration());
  if (left <= absl::ZeroDuration() || asked > left)
    return std::nullopt;
  const absl::Duration wait = delay_ * absl::Uniform(random_, 1 - kJitter, 1 + kJitter);
  delay_ = std::min(delay_ * kGrowth, kLongestDelay);
  return std::min(left, std::max(wait, asked));
}

void RetryPolicy::Reset() {
  first_failure_.reset();
}

}  // namespace ruyi::client
