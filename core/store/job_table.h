// Gives a store's rows of jobs as one transaction sees them. It is all that a database has to do, so that all stores
// share the rules of jobs (core/store/table_job_store.h). Before it: TableJobStore. Implemented by core/store/memory
// and core/store/sqlite. Lives for one transaction; not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/job/job_event.h"
#include "core/job/job_record.h"
#include "core/store/job_store.h"

namespace ruyi {

// A job's record, and what only the store knows of the job.
struct JobRow {
  int64_t number = 0;       // in the order of creation
  int64_t lease_token = 0;  // of the lease on it; 0: there is none
  JobRecord record;

  // These two are for tables that several processes share, which keep when leases run out.
  std::optional<absl::Duration> lease_lasts = std::nullopt;  // from now, to be written; absent: it ends as it was to
  bool is_lease_over = true;                                 // it had run out when the row was read to be written
};

// Returns the key by which jobs are claimed; those with equal keys go by their number.
int64_t ClaimKeyOf(int64_t number, Priority priority);
int64_t ClaimKeyOf(const JobRow& row);

// Returns the text by which a table finds the job of a request: it differs for the same id of two tenants, and is the
// id itself for the default tenant, as in tables of older servers. Empty when the id is.
std::string RequestKeyOf(const std::string& tenant, const std::string& request_id);

// Returns the sha256 of the blobs that the artifact store must keep for the job: none once it has ended.
std::set<std::string> InputsOf(const JobRecord& record);

// Returns the time that the work on the job is predicted to take.
absl::Duration WorkOf(const JobRecord& record);

// A number of jobs, and the time that they are predicted to take one after the other.
struct JobSum {
  int jobs = 0;
  absl::Duration work;

  JobSum& operator+=(const JobSum& other) {
    jobs += other.jobs;
    work += other.work;
    return *this;
  }
  friend JobSum operator+(JobSum a, const JobSum& b) { return a += b; }
  friend JobSum operator-(const JobSum& a, const JobSum& b) {
    return {.jobs = a.jobs - b.jobs, .work = a.work - b.work};
  }
};

// Holds what the queue knows of a tenant.
struct TenantShare {
  std::string tenant;
  JobSum waiting = {};
  JobSum running = {};         // those to be cancelled too
  absl::Duration served = {};  // the virtual time up to which it was served (core/store/fair_share.h)
};

// Holds what the queue knows of all tenants that have jobs that have not ended, or are ahead of others. Their sums are
// those of the whole store.
struct QueueShares {
  std::vector<TenantShare> tenants;
  absl::Duration now;   // the virtual time: the start of the latest turn
  bool paused = false;  // the queue gives no job

  // Returns what it knows of the tenant: nothing but its name where it has no jobs.
  TenantShare Of(const std::string& tenant) const;

  JobSum waiting() const;
  JobSum running() const;
};

// Says what a tenant has used on a day.
struct DayUse {
  absl::Duration device;  // of jobs that have ended
  int64_t upload_bytes = 0;
};

// Holds what the order of claims depends on.
struct WaitingJob {
  std::string id;
  std::string tenant;
  int64_t claim_key = 0;
  int64_t number = 0;
  absl::Duration work;
};

// Says what has to be known before a job is created.
struct Arrival {
  std::optional<JobRow> known;  // the job that its request_id has made; then the rest is empty
  int64_t number = 0;           // of the new job
  bool is_id_taken = false;
  QueueShares shares;
  JobSum behind;  // of its tenant's jobs that wait and will be claimed after the new one
};

// Every function may fail with an error of the database: RESOURCE_EXHAUSTED DISK_FULL; DATA_LOSS: a row, or all rows,
// cannot be read.
class JobTable {
 public:
  virtual ~JobTable() = default;

  virtual absl::StatusOr<std::optional<JobRow>> Find(const std::string& id) const = 0;
  virtual absl::StatusOr<std::optional<int64_t>> NumberOf(const std::string& id) const = 0;
  virtual absl::StatusOr<std::optional<JobRow>> FindRequest(const std::string& request_key) const = 0;

  // Returns the tenant of a job, also of one that cannot be read; nullopt when there is none. Takes the same time for
  // all.
  virtual absl::StatusOr<std::optional<std::string>> TenantOf(const std::string& id) const = 0;

  // Returns what has to be known before the job of `ticket` is created. Asks the other functions; a table overrides it
  // where one question is cheaper than many.
  virtual absl::StatusOr<Arrival> Arrive(const JobTicket& ticket);

  // Returns the latest job that succeeded with this key.
  virtual absl::StatusOr<std::optional<JobRow>> FindReusable(const std::string& reuse_key) const = 0;

  // Returns the tenant's first job, by claim key and number, that waits and can be read.
  virtual absl::StatusOr<std::optional<JobRow>> NextWaiting(const std::string& tenant) const = 0;

  // Returns claim key and number of the first job that waits of each of the tenants that have one. Names have no
  // newline.
  using Places = std::map<std::string, std::pair<int64_t, int64_t>>;
  virtual absl::StatusOr<Places> FirstPlaces(const std::vector<std::string>& tenants) const = 0;

  // Returns all jobs that wait, by claim key and number.
  virtual absl::StatusOr<std::vector<WaitingJob>> Waiting() const = 0;

  // Returns the jobs that match, can be read, and whose number is below `before`, newest first, at most `limit`.
  virtual absl::StatusOr<std::vector<JobRow>> Newest(const JobFilter& filter, int64_t before, int limit) const = 0;

  virtual absl::StatusOr<QueueShares> Shares() const = 0;

  // Returns the sum of the tenant's jobs that wait with a claim key above `above` and below `below`. Takes time in
  // proportion to their number.
  virtual absl::StatusOr<JobSum> WaitingBetween(const std::string& tenant, int64_t above, int64_t below) const = 0;

  // Returns the entries of the log of job `number` after `after_seq`, oldest first, at most `limit`.
  virtual absl::StatusOr<std::vector<LoggedEvent>> Log(int64_t number, int64_t after_seq, int limit) const = 0;

  // Returns the InputsOf all jobs together.
  virtual absl::StatusOr<std::set<std::string>> Inputs() const = 0;

  // Returns true when a job that has not ended has this checkpoint.
  virtual absl::StatusOr<bool> IsCheckpoint(const std::string& sha256) const = 0;

  // Returns the ids of the jobs that have not ended.
  virtual absl::StatusOr<std::vector<std::string>> Active() const = 0;

  // Returns the ids of the jobs with a lease.
  virtual absl::StatusOr<std::vector<std::string>> Leased() const = 0;

  // Returns the ids of the jobs that succeeded and whose expire_age is `age` or before, at most `limit`.
  virtual absl::StatusOr<std::vector<std::string>> Expiring(absl::Time age, int limit) const = 0;

  // Returns the ids of the jobs whose end_age is `age` or before, at most `limit`.
  virtual absl::StatusOr<std::vector<std::string>> EndedBy(absl::Time age, int limit) const = 0;

  // Returns the time to write into records: `now`, or the latest that it returned before when that is later.
  virtual absl::StatusOr<absl::Time> Timestamp(absl::Time now) = 0;

  // Both return numbers from 1 on, each only once.
  virtual absl::StatusOr<int64_t> NextNumber() = 0;
  virtual absl::StatusOr<int64_t> NextToken() = 0;

  virtual absl::Status Insert(const JobRow& row) = 0;

  // Writes the row with this number anew. Of the ticket in it only the priority may have changed.
  virtual absl::Status Update(const JobRow& row) = 0;

  // Erases the job and its log.
  virtual absl::Status Erase(int64_t number) = 0;

  virtual absl::Status AppendLog(int64_t number, const LoggedEvent& entry) = 0;

  // See JobStore::Identity.
  virtual absl::StatusOr<std::string> Identity() const = 0;

  virtual absl::Status SetPaused(bool paused) = 0;

  // Notes that a turn of the tenant has begun at the virtual time `start`, which is not before what it was served up to
  // as Shares has said in this transaction, and that it lasts for `charge`.
  virtual absl::Status Charge(const std::string& tenant, absl::Duration start, absl::Duration charge) = 0;

  // Takes `charge` back from what the tenant was served.
  virtual absl::Status PayBack(const std::string& tenant, absl::Duration charge) = 0;

  // Returns what those of the tenants that have used something have used on that day of UTC (DayOf). Names have no
  // newline.
  using Uses = std::map<std::string, DayUse>;
  virtual absl::StatusOr<Uses> UsesOn(const std::vector<std::string>& tenants, int64_t day) const = 0;

  // Returns the same of one tenant, or zeros.
  absl::StatusOr<DayUse> UseOn(const std::string& tenant, int64_t day) const;

  // Adds `use` to it. Days before the last are forgotten.
  virtual absl::Status AddUse(const std::string& tenant, int64_t day, const DayUse& use) = 0;

  // Makes other transactions that ask for this tenant's lock wait until this one has ended, so that nobody else changes
  // between what is read after it and what is written. A table that has one transaction at a time has nothing to do.
  virtual absl::Status LockQuota(const std::string& /*tenant*/) { return absl::OkStatus(); }

  // Does the same for its running jobs without waiting: returns false when another transaction has the lock.
  virtual absl::StatusOr<bool> TryLockRunning(const std::string& /*tenant*/) { return true; }

  // Forgets tenants that have no jobs and are not ahead of others, so that Shares stays short. To be called now and
  // then, in a transaction of its own.
  virtual absl::Status ForgetIdleTenants() = 0;
};

}  // namespace ruyi
