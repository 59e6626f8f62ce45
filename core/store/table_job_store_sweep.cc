// What TableJobStore::Sweep does.
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/base/status_macros.h"
#include "core/store/table_job_store.h"

namespace ruyi {
namespace {

constexpr int kSweepBatch = 1000;  // jobs that one sweep expires or deletes, so that other writers get their turn

}  // namespace

// Changes that were made must be told; an error that came after them comes again next time.
absl::StatusOr<SweptJobs> TableJobStore::Sweep() {
  SweptJobs swept;
  absl::Status status = TakeBackExpired(swept);
  if (status.ok())
    status = ExpireResults(swept);
  if (status.ok())
    status = EraseOldRecords(swept);
  if (status.ok())
    status = WriteRows(WriteKind::kSnapshot, [](JobTable& table) { return table.ForgetIdleTenants(); });
  if (!status.ok() && swept.taken_back.empty() && swept.expired.empty() && swept.deleted.empty())
    return status;
  return swept;
}

absl::Status TableJobStore::TakeBackExpired(SweptJobs& swept) {
  RUYI_ASSIGN_OR_RETURN(const auto tokens, LeasesThatRanOut());
  std::vector<std::string> ids;
  for (const auto& [id, token] : tokens)
    ids.push_back(id);
  std::set<std::string> taken_back;
  const auto take_back = [&](JobSteps& steps, JobRow& row) -> absl::StatusOr<bool> {
    const std::string& id = row.record.ticket.id;
    if (row.lease_token != tokens.at(id) || !row.is_lease_over)
      return false;
    RUYI_RETURN_IF_ERROR(steps.TakeBack("its worker was lost", row));
    taken_back.insert(id);
    return true;
  };
  RUYI_RETURN_IF_ERROR(WriteJobs(ids, take_back));
  for (const auto& [id, token] : tokens)
    OnLeaseEnded(id, token);
  swept.taken_back.assign(taken_back.begin(), taken_back.end());
  return absl::OkStatus();
}

absl::Status TableJobStore::ExpireResults(SweptJobs& swept) {
  RUYI_ASSIGN_OR_RETURN(std::vector<std::string> ids,
                        View([&](const JobTable& table) { return table.Expiring(clock_.AgingTime(), kSweepBatch); }));
  RUYI_RETURN_IF_ERROR(WriteJobs(ids, [](JobSteps& steps, JobRow& row) { return steps.Expire(row); }));
  swept.expired = std::move(ids);
  return absl::OkStatus();
}

absl::Status TableJobStore::EraseOldRecords(SweptJobs& swept) {
  const absl::Time latest = clock_.AgingTime() - options_.record_ttl;
  RUYI_ASSIGN_OR_RETURN(std::vector<std::string> ids,
                        View([&](const JobTable& table) { return table.EndedBy(latest, kSweepBatch); }));
  if (ids.empty())
    return absl::OkStatus();
  const absl::Status erased = WriteRows(WriteKind::kEnding, [&](JobTable& table) -> absl::Status {
    for (const std::string& id : ids) {
      RUYI_ASSIGN_OR_RETURN(const std::optional<int64_t> number, table.NumberOf(id));
      if (number.has_value())
        RUYI_RETURN_IF_ERROR(table.Erase(*number));
    }
    return absl::OkStatus();
  });
  RUYI_RETURN_IF_ERROR(erased);
  for (const std::string& id : ids)
    Announce(id);
  swept.deleted = std::move(ids);
  return absl::OkStatus();
}

}  // namespace ruyi
