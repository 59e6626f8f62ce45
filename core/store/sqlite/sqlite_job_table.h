// Reads and writes jobs in an SQLite database (core/store/sqlite/sqlite_schema.cc), within one transaction. Before it:
// SqliteJobStore, which owns the connection and opens the transactions. Not thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/store/job_table.h"
#include "core/store/sqlite/sqlite_connection.h"

namespace ruyi {

class SqliteJobTable final : public JobTable {
 public:
  // `connection` must outlive the table.
  explicit SqliteJobTable(SqliteConnection& connection) : connection_(connection) {}

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
  absl::StatusOr<JobRow> RowOf(const SqliteQuery& query) const;
  absl::StatusOr<std::optional<JobRow>> FirstOf(SqliteQuery& query) const;

  SqliteConnection& connection_;
};

}  // namespace ruyi
