// Says what one tenant may take of a server and of its store, and refuses what is more. Before it: core/quota/quotas.h,
// which reads the numbers. After it: core/store, core/intake and server/service, which count.
// Values and functions without state; thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace ruyi {

// Each limit is absent where there is none. All are at least 0.
struct TenantQuota {
  std::optional<int64_t> running;  // jobs that devices work on at the same time; more of them wait
  std::optional<int64_t> waiting;  // jobs that wait
  std::optional<int64_t>
      device_seconds_a_day;                   // of UTC: of jobs that ended on it, and predicted of those that have not
  std::optional<int64_t> upload_bytes_a_day;  // of UTC
  std::optional<int64_t> watchers;            // streams of events and bytes that are open on one server

  bool LimitsJobs() const { return waiting.has_value() || device_seconds_a_day.has_value(); }
};

// A limit that was met. The name is the field in the file.
struct QuotaUse {
  std::string_view name;
  int64_t limit = 0;
  int64_t used = 0;
  int64_t wanted = 1;    // what the call would add; 0: that is not known yet
  bool is_time = false;  // these are seconds
};

// Returns RESOURCE_EXHAUSTED QUOTA_EXCEEDED for the tenant, with quota, limit and used as metadata. `what` says what is
// counted, e.g. "videos that wait". The call may be made again after `retry_delay`, unless it wants more than the whole
// limit: then waiting does not help, and the error says so.
absl::Status QuotaExceeded(const std::string& tenant, const QuotaUse& use, std::string_view what,
                           absl::Duration retry_delay);

// Returns the number of the UTC day, counted from 1970, and the time from `now` until the next one.
int64_t DayOf(absl::Time now);
absl::Duration UntilNextDay(absl::Time now);

}  // namespace ruyi
