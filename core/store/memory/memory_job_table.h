// Holds jobs in memory, with indexes in the orders in which they are looked for. Owned by MemoryJobStore, which
// serialises the calls; not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/store/job_table.h"

namespace ruyi {

class MemoryJobTable final : public JobTable {
 public:
  MemoryJobTable();

  absl::StatusOr<std::optional<JobRow>> Find(const std::string& id) const override;
  absl::StatusOr<std::optional<int64_t>> NumberOf(const std::string& id) const override;
  absl::StatusOr<std::optional<JobRow>> FindRequest(const std::string& request_key) const override;
  absl::StatusOr<std::optional<std::string>> TenantOf(const std::string& id) const override;
  absl::StatusOr<std::optional<JobRow>> FindReusable(const std::string& reuse_key) const override;
  absl::StatusOr<std::optional<JobRow>> NextWaiting(const std::string& tenant) const override;
  absl::StatusOr<Places> FirstPlaces(const std::vector<std::string>& tenants) const override;
  absl::StatusOr<std::vector<WaitingJob>> Waiting() const override;
  absl::StatusOr<std::vector<JobRow>> Newest(const JobFilter& filter, int64_t before, int limit) const override;
  absl::StatusOr<QueueShares> Shares() const override;
  absl::StatusOr<JobSum> WaitingBetween(const std::string& tenant, int64_t above, int64_t below) const override;
  absl::StatusOr<std::vector<LoggedEvent>> Log(int64_t number, int64_t after_seq, int limit) const override;
  absl::StatusOr<std::set<std::string>> Inputs() const override;
  absl::StatusOr<bool> IsCheckpoint(const std::string& sha256) const override;
  absl::StatusOr<std::vector<std::string>> Active() const override;
  absl::StatusOr<std::vector<std::string>> Leased() const override;
  absl::StatusOr<std::vector<std::string>> Expiring(absl::Time time, int limit) const override;
  absl::StatusOr<std::vector<std::string>> EndedBy(absl::Time time, int limit) const override;
  absl::StatusOr<absl::Time> Timestamp(absl::Time now) override;
  absl::StatusOr<int64_t> NextNumber() override;
  absl::StatusOr<int64_t> NextToken() override;
  absl::Status Insert(const JobRow& row) override;
  absl::Status Update(const JobRow& row) override;
  absl::Status Erase(int64_t number) override;
  absl::Status AppendLog(int64_t number, const LoggedEvent& entry) override;
  absl::StatusOr<std::string> Identity() const override;
  absl::Status SetPaused(bool paused) override;
  absl::Status Charge(const std::string& tenant, absl::Duration start, absl::Duration charge) override;
  absl::Status PayBack(const std::string& tenant, absl::Duration charge) override;
  absl::StatusOr<Uses> UsesOn(const std::vector<std::string>& tenants, int64_t day) const override;
  absl::Status AddUse(const std::string& tenant, int64_t day, const DayUse& use) override;
  absl::Status ForgetIdleTenants() override;

 private:
  using Place = std::pair<int64_t, int64_t>;  // claim key or time, and number

  struct Tenant {
    JobSum waiting_sum;
    JobSum running_sum;
    absl::Duration served;
    std::set<Place> waiting;
  };

  std::optional<JobRow> RowOf(const std::unordered_map<std::string, int64_t>& index, const std::string& key) const;

  // Adds a job that has not ended to the sums of its tenant, or takes it away.
  void Count(const JobRow& row, int sign);

  // Enter puts a row into the indexes; Leave takes it out of them.
  void Enter(const JobRow& row);
  void Leave(const JobRow& row);

  std::vector<std::string> IdsOf(const std::set<Place>& places, absl::Time time, int limit) const;

  std::map<int64_t, JobRow> rows_;
  std::unordered_map<int64_t, std::vector<LoggedEvent>> logs_;
  std::unordered_map<std::string, int64_t> by_id_;
  std::unordered_map<std::string, int64_t> by_request_;
  std::map<std::string, std::set<int64_t>> reusable_;
  std::map<std::string, Tenant> tenants_;
  std::map<std::pair<int64_t, std::string>, DayUse> uses_;  // by day and tenant
  std::set<int64_t> running_;
  std::set<Place> expiring_;  // by Unix nanoseconds
  std::set<Place> ended_;     // by Unix nanoseconds
  absl::Duration now_;        // virtual
  absl::Time last_time_ = absl::InfinitePast();
  int64_t last_number_ = 0;
  int64_t last_token_ = 0;
  bool paused_ = false;
  std::string identity_;
};

}  // namespace ruyi
