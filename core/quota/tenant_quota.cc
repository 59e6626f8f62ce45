#include "core/quota/tenant_quota.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/base/error_info.h"
#include "core/base/error_reasons.h"

namespace ruyi {
namespace {

constexpr absl::Duration kDay = absl::Hours(24);

}  // namespace

absl::Status QuotaExceeded(const std::string& tenant, const QuotaUse& use, std::string_view what,
                           std::optional<absl::Duration> retry_delay) {
  const std::string text =
      absl::StrFormat("tenant '%s' may have no more of what its quota %s counts: %s: %d, and the limit is %d; %s",
                      tenant, use.name, what, use.used, use.limit,
                      retry_delay.has_value() ? "send the request again later" : "ask the operator for a larger quota");
  return WithErrorInfo(absl::ResourceExhaustedError(text),
                       {.reason = std::string(reason::kQuotaExceeded),
                        .metadata = {{"quota", std::string(use.name)},
                                     {"limit", absl::StrCat(use.limit)},
                                     {"used", absl::StrCat(use.used)}},
                        .unmet_preconditions = {{.subject = absl::StrCat("tenant:", tenant), .description = text}},
                        .retry_delay = retry_delay});
}

int64_t DayOf(absl::Time now) {
  absl::Duration rest;
  return absl::IDivDuration(now - absl::UnixEpoch(), kDay, &rest);
}

absl::Duration UntilNextDay(absl::Time now) {
  return (DayOf(now) + 1) * kDay - (now - absl::UnixEpoch());
}

}  // namespace ruyi
