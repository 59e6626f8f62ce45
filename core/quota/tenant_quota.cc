#include "core/quota/tenant_quota.h"

#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/base/duration_text.h"
#include "core/base/error_info.h"
#include "core/base/error_reasons.h"

namespace ruyi {
namespace {

constexpr absl::Duration kDay = absl::Hours(24);

std::string CountText(int64_t count, const QuotaUse& use) {
  return use.is_time ? DurationText(absl::Seconds(count)) : absl::StrCat(count);
}

}  // namespace

absl::Status QuotaExceeded(const std::string& tenant, const QuotaUse& use, std::string_view what,
                           absl::Duration retry_delay) {
  const bool fits_later = use.limit > 0 && use.wanted <= use.limit;
  const std::string addition = use.wanted == 0 ? "" : absl::StrCat(", and this would add ", CountText(use.wanted, use));
  const std::string remedy = fits_later
                                 ? absl::StrCat("send the request again in ", DurationText(retry_delay))
                                 : "no waiting makes room for it: ask for less, or the operator for a larger quota";
  const std::string text =
      absl::StrFormat("tenant '%s' may have no more of what its quota %s counts: %s: %s of %s%s; %s", tenant, use.name,
                      what, CountText(use.used, use), CountText(use.limit, use), addition, remedy);
  return WithErrorInfo(absl::ResourceExhaustedError(text),
                       {.reason = std::string(reason::kQuotaExceeded),
                        .metadata = {{"quota", std::string(use.name)},
                                     {"limit", absl::StrCat(use.limit)},
                                     {"used", absl::StrCat(use.used)}},
                        .unmet_preconditions = {{.subject = absl::StrCat("tenant:", tenant), .description = text}},
                        .retry_delay = fits_later ? std::optional(retry_delay) : std::nullopt});
}

int64_t DayOf(absl::Time now) {
  absl::Duration rest;
  return absl::IDivDuration(now - absl::UnixEpoch(), kDay, &rest);
}

absl::Duration UntilNextDay(absl::Time now) {
  return (DayOf(now) + 1) * kDay - (now - absl::UnixEpoch());
}

}  // namespace ruyi
