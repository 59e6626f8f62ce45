#include "client/retrier.h"

#include <algorithm>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/connection_fault.h"
#include "client/status_text.h"
#include "core/base/duration_text.h"

namespace ruyi::client {
namespace {

std::string InBrackets(const std::string& text) {
  return text.empty() ? "" : absl::StrCat(" (", text, ")");
}

// A remedy is for connections that have never worked: a server that is started anew closes some, too.
std::string NoticeOf(const grpc::Status& status, absl::Duration delay, bool with_remedy) {
  const ConnectionFault* const fault = with_remedy ? FindConnectionFault(status) : nullptr;
  const std::string remedy = fault == nullptr ? "" : absl::StrFormat("; %s", fault->remedy);
  const absl::Duration rounded = absl::Floor(delay + absl::Milliseconds(500), absl::Seconds(1));
  return absl::StrFormat("%s%s; trying again in %s", FailureText(status), remedy, DurationText(rounded));
}

}  // namespace

Retrier::Retrier(Rule rule, const Patience& patience, Waiter* waiter, CancelSource* source)
    : rule_(rule), deadline_(patience.deadline), waiter_(waiter), source_(source), policy_(patience.retry_for) {}

Verdict Retrier::AfterFailure(const grpc::Status& status) {
  if (source_->cancelled())
    return Verdict::kCancelled;
  const absl::Time now = waiter_->Now();
  if (now >= deadline_)
    return Verdict::kTimedOut;
  if (!rule_(status))
    return Verdict::kFinal;
  const std::optional<absl::Duration> delay = policy_.Next(now, status);
  if (!delay.has_value())
    return Verdict::kGaveUp;
  if (notice_ != nullptr && now + *delay < deadline_)
    notice_(NoticeOf(status, *delay, /*with_remedy=*/!is_known_to_work_));
  waiter_->Wait(std::min(*delay, deadline_ - now), *source_);
  if (source_->cancelled())
    return Verdict::kCancelled;
  return waiter_->Now() >= deadline_ ? Verdict::kTimedOut : Verdict::kAgain;
}

void Retrier::AfterSuccess() {
  policy_.Reset();
  is_known_to_work_ = true;
}

std::string FailureText(const grpc::Status& status) {
  const google::rpc::Status detailed = WithDetails(status);
  if (detailed.details_size() > 0)
    return absl::StrFormat("the server says: %s%s", detailed.message(), ReasonText(detailed));
  if (const ConnectionFault* const fault = FindConnectionFault(status))
    return absl::StrFormat("%s%s", fault->what, InBrackets(CauseText(status)));
  if (status.error_code() == grpc::StatusCode::UNAVAILABLE)
    return absl::StrCat("the server is away", InBrackets(CauseText(status)));
  if (status.ok())
    return "the stream ended before the video did";
  return absl::StrCat("the connection broke", InBrackets(status.error_message()));
}

}  // namespace ruyi::client
