// Reads and writes jobs in a PostgreSQL database (core/store/postgres/postgres_schema.cc), within one transaction. What
// is written travels with the next question, or with the end of the transaction, which reports its errors. Before it:
// PostgresJobStore, which owns the connection and opens the transactions. Not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/store/job_table.h"
#include "core/store/postgres/postgres_connection.h"
#include "core/store/postgres/time_floor.h"

namespace ruyi {

class PostgresJobTable final : public JobTable {
 public:
  enum class Access {
    kRead,
    kWrite,  // rows that are read stay as they are until the transaction ends
  };

  // `connection` and `floor` must outlive the table.
  PostgresJobTable(PostgresConnection& connection, TimeFloor& floor, Access access)
      : connection_(connection), floor_(floor), access_(access) {}

  absl::StatusOr<std::optional<JobRow>> Find(const std::string& id) const override;
  absl::StatusOr<std::optional<int64_t>> NumberOf(const std::string& id) const override;
  absl::StatusOr<std::optional<JobRow>> FindRequest(const std::string& request_key) const override;
  absl::StatusOr<std::optional<std::string>> TenantOf(const std::string& id) const override;
  absl::StatusOr<Arrival> Arrive(const JobTicket& ticket) override;
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
  absl::Status LockQuota(const std::string& tenant) override;
  absl::StatusOr<bool> TryLockRunning(const std::string& tenant) override;
  absl::Status ForgetIdleTenants() override;

  // Returns the tokens of the leases that have run out by the database's clock, by job, at most `limit`.
  absl::StatusOr<std::map<std::string, int64_t>> LeasesThatRanOut(int limit) const;

  // Makes the lease end `duration` from now, and returns its job; nullopt when there is no such lease.
  absl::StatusOr<std::optional<JobRow>> Extend(const Lease& lease, absl::Duration duration);

  // Sends what the transaction has changed of the totals: to be called once, last.
  void SendTotals();

 private:
  // Holds what the totals and the leases know of a row.
  struct Counted {
    std::string state;
    int64_t work = 0;
    bool has_lease = false;
  };

  absl::StatusOr<JobRow> RowOf(const PostgresRows& rows, int row) const;
  absl::StatusOr<std::optional<JobRow>> FirstOf(const absl::StatusOr<PostgresRows>& rows) const;
  int64_t Shard() const;
  void Count(const Counted& counted, int sign);
  void SendLease(const JobRow& row, bool had_lease);

  PostgresConnection& connection_;
  TimeFloor& floor_;
  const Access access_;
  JobSum waiting_change_;  // of the totals, by this transaction
  JobSum running_change_;
  mutable std::map<std::string, int64_t> charged_;  // to tenants, as Shares has read it
  mutable std::map<int64_t, Counted> counted_;      // of the rows that were read, by their numbers
  mutable std::optional<int64_t> next_token_;       // came with NextWaiting
};

}  // namespace ruyi
