#include "core/store/job_quota.h"

#include "core/base/status_macros.h"

namespace ruyi {

TenantQuota QuotaOf(const JobStoreOptions& options, const std::string& tenant) {
  return options.quotas == nullptr ? TenantQuota() : options.quotas->Of(tenant);
}

absl::Duration DeviceTimeOfDay(const TenantShare& share, const DayUse& use) {
  return use.device + share.waiting.work + share.running.work;
}

QuotaUse DeviceUseOf(int64_t limit, absl::Duration used) {
  return {.name = "device_seconds_a_day",
          .limit = limit,
          .used = absl::ToInt64Seconds(absl::Ceil(used, absl::Seconds(1))),
          .is_time = true};
}

absl::Status CheckJobQuota(const JobTable& table, const JobStoreOptions& options, const QueueShares& shares,
                           const WantedJob& wanted) {
  const auto& [tenant, work, now] = wanted;
  const TenantQuota quota = QuotaOf(options, tenant);
  const TenantShare share = shares.Of(tenant);
  if (quota.waiting.has_value() && share.waiting.jobs >= *quota.waiting) {
    return QuotaExceeded(tenant, {.name = "waiting", .limit = *quota.waiting, .used = share.waiting.jobs},
                         "videos that wait", kQueueRetryDelay);
  }
  if (!quota.device_seconds_a_day.has_value())
    return absl::OkStatus();
  RUYI_ASSIGN_OR_RETURN(const DayUse use, table.UseOn(tenant, DayOf(now)));
  const absl::Duration used = DeviceTimeOfDay(share, use);
  const absl::Duration limit = absl::Seconds(*quota.device_seconds_a_day);
  if (used < limit && used + work <= limit)
    return absl::OkStatus();
  QuotaUse device = DeviceUseOf(*quota.device_seconds_a_day, used);
  device.wanted = absl::ToInt64Seconds(absl::Ceil(work, absl::Seconds(1)));
  return QuotaExceeded(tenant, device,
                       "time of devices on this day, with what is predicted of videos that have not ended",
                       UntilNextDay(now));
}

}  // namespace ruyi
