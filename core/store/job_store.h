// Keeps jobs: their records, their logs, and leases on the work. A job outlives the call that made it, the worker that
// has it and, in stores on a disk, the process. Before it: core/intake. After it: core/worker, and the cursors of
// readers. Implementations are thread-safe, and nothing here assumes that all callers share one process. Every store
// passes tests/core/store/job_store_conformance.h.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/base/change_hub.h"
#include "core/job/job_event.h"
#include "core/job/job_record.h"
#include "core/quota/quotas.h"

namespace ruyi {

// A lease is the right to work on a job for a time. The token decides who has it: once the job was given to somebody
// else, every call with the old lease ends with ABORTED, LEASE_LOST.
struct Lease {
  std::string job_id;
  int64_t token = 0;  // larger than that of every earlier lease of this store
  JobRecord record;   // as it was claimed
};

// Says which of all jobs a caller asks to see.
struct JobFilter {
  std::string tenant;                         // empty: all
  std::set<JobState> states;                  // empty: all
  std::map<std::string, std::string> labels;  // the labels that a job must have
};

struct JobPage {
  std::vector<JobRecord> jobs;  // newest first
  std::string next_page_token;  // empty: there are no more
};

struct JobCounts {
  int waiting = 0;
  int running = 0;
  double predicted_seconds = 0;  // of the work on all of them, one after the other, by their placements
  bool paused = false;           // no waiting job is given to a worker
};

// Says what a tenant has in the queue.
struct TenantLoad {
  std::string tenant;
  int waiting = 0;
  int running = 0;
  absl::Duration waiting_work;  // predicted of the jobs that wait, one after the other

  // Whose job begins next: 1 is the first. Of tenants with the same turn the one whose job is older goes first. Absent:
  // none of its jobs may begin, for none waits, or as many run as its quota allows.
  std::optional<int> turn = std::nullopt;

  // Device seconds of this day of UTC, as its quota counts them: of jobs that have ended, and predicted of the others.
  // Absent: they are not limited.
  std::optional<QuotaUse> device_seconds = std::nullopt;
};

struct TenantLoads {
  std::vector<TenantLoad> tenants;  // those with the most work that waits first
  int left_out = 0;                 // tenants that have jobs too
  JobCounts counts;                 // of all tenants, at the same moment
};

struct NewJob {
  JobTicket ticket;
  VideoSpec spec;
  Placement advice;
  std::optional<JobCompleted> completed;  // of a job whose result is there already
};

struct CreatedJob {
  JobRecord record;
  bool is_new = true;  // false: the request_id was known
};

// Says what a sweep has changed. The artifact store may delete what it keeps for jobs that are expired or deleted.
struct SweptJobs {
  std::vector<std::string> taken_back;  // from workers that vanished: they wait again, or have ended
  std::vector<std::string> expired;     // their results are gone
  std::vector<std::string> deleted;     // nothing is left of them
};

struct JobStoreOptions {
  int queue_capacity = 16;                          // jobs that may wait
  absl::Duration result_ttl = absl::Hours(24);      // from a job's end until its result expires
  absl::Duration record_ttl = absl::Hours(7 * 24);  // from a job's end until its record goes
  std::shared_ptr<const Quotas> quotas = nullptr;   // none: nobody is limited
};

// Every function may also end with UNAVAILABLE, STORE_UNAVAILABLE, where the jobs lie in a database that is away. What
// it was to change may then have been changed or not.
class JobStore {
 public:
  virtual ~JobStore() = default;

  // Returns the job that this request_id of the tenant has made; nullopt when the request_id is empty or not known.
  // ALREADY_EXISTS REQUEST_ID_REUSED: it came with another digest.
  virtual absl::StatusOr<std::optional<JobRecord>> FindByRequestId(const std::string& tenant,
                                                                   const std::string& request_id,
                                                                   const std::string& digest) const = 0;

  // Creates a job that waits, with the events accepted and queued in its log; or one that has succeeded, with accepted
  // and completed. When the tenant's request_id is known with the same digest, returns the job that it made, whatever
  // has become of that job. When it returns, a crash loses the job no more. ALREADY_EXISTS REQUEST_ID_REUSED: the
  // request_id is known with another digest. RESOURCE_EXHAUSTED QUEUE_FULL: too many jobs wait; QUOTA_EXCEEDED: too
  // many of the tenant's, or it has had its device time of the day; DISK_FULL: there is no room.
  virtual absl::StatusOr<CreatedJob> Create(NewJob job) = 0;

  // Returns OK where Create would not refuse a job of the tenant for its quota, as far as one can say without the job.
  // Cheap. RESOURCE_EXHAUSTED QUOTA_EXCEEDED.
  virtual absl::Status CheckQuota(const std::string& tenant) const = 0;

  // Notes that the tenant uploads so many bytes today, where that is limited. RESOURCE_EXHAUSTED QUOTA_EXCEEDED: it may
  // not; then nothing is noted.
  virtual absl::Status ChargeUpload(const std::string& tenant, int64_t bytes) = 0;

  // Gives the next waiting job to `worker` for `duration`, and makes it RUNNING; nullopt when none waits, and while
  // the queue is paused. Tenants with waiting jobs share by predicted work (core/store/fair_share.h); those of one
  // tenant go by priority and age: a job goes before at most kHeadStart of the next lower priority that came before it,
  // so that none waits for ever. A tenant with as many running jobs as its quota allows has no
  // turn.
  virtual absl::StatusOr<std::optional<Lease>> Claim(const std::string& worker, absl::Duration duration) = 0;
  static constexpr int kHeadStart = 32;

  // Makes `lease` end `duration` from now. CANCELLED, or the status that Cancel was given: the job is to end. ABORTED
  // LEASE_LOST: somebody else may have it.
  virtual absl::Status Renew(const Lease& lease, absl::Duration duration) = 0;

  // Appends `event` to the log and returns the entry's number. INVALID_ARGUMENT: `event` is one that ends the job, or
  // one that the store logs itself: accepted, queued, cancelling. ABORTED LEASE_LOST.
  virtual absl::StatusOr<int64_t> Append(const Lease& lease, JobEvent event) = 0;

  // Remembers the checkpoint at which the job can go on. When it returns, a crash loses it no more. ABORTED LEASE_LOST.
  virtual absl::Status SetCheckpoint(const Lease& lease, const CheckpointRef& checkpoint) = 0;

  // Remembers what the job ends with once its file is whole: an attempt that finds the file whole, because the one
  // before died between sealing it and Finish, ends the job with that. When it returns, a crash loses it no more.
  // ABORTED LEASE_LOST.
  virtual absl::Status SetOutcome(const Lease& lease, const JobCompleted& outcome) = 0;

  // Ends the lease: the job waits again, in its old place, and no crash is counted. A job that is to be cancelled ends
  // instead. ABORTED LEASE_LOST.
  virtual absl::Status HandBack(const Lease& lease) = 0;

  // Appends `last`, completed or failed, and ends the job and the lease. When it returns, a crash loses it no more.
  // INVALID_ARGUMENT: `last` is another event. ABORTED LEASE_LOST.
  virtual absl::Status Finish(const Lease& lease, JobEvent last) = 0;

  // Ends a waiting job with `why` (not OK) at once, tells the worker of a running job to end it (CANCELLING), and
  // leaves a job that has ended as it is. Returns the job. NOT_FOUND: there is none of that id.
  virtual absl::StatusOr<JobRecord> Cancel(const std::string& id, const absl::Status& why) = 0;

  // Does the same to a job that goes with its call (JobTicket::cancel_on_disconnect), and leaves another one as it is:
  // one step, so that nothing ends a job that Detach has let go on. NOT_FOUND: there is none of that id.
  virtual absl::Status CancelUnlessDetached(const std::string& id, const absl::Status& why) = 0;

  // Lets the job go on without the call that made it (JobTicket::cancel_on_disconnect). When it returns, a crash does
  // not undo it. NOT_FOUND: there is none of that id.
  virtual absl::Status Detach(const std::string& id) = 0;

  // Cancels all jobs.
  virtual absl::Status CancelAll(const absl::Status& why) = 0;

  // Gives a waiting job another priority, and returns it. When it returns, a crash does not undo it. NOT_FOUND: there
  // is none of that id. FAILED_PRECONDITION VIDEO_ENDED: it does not wait, for a worker has it, or it has ended.
  virtual absl::StatusOr<JobRecord> SetPriority(const std::string& id, Priority priority) = 0;

  // Lets no waiting job go to a worker until it is resumed; jobs that run go on, and new ones are taken. Holds for all
  // servers that share the store, and outlives them. Those who listen to jobs hear of it. A Claim that is under way
  // meanwhile may still give a job.
  virtual absl::Status SetPaused(bool paused) = 0;

  // Returns OK when there is such a job and it is the tenant's. NOT_FOUND otherwise: the same for another tenant's job
  // as for none, so that an id tells nothing.
  virtual absl::Status CheckTenant(const std::string& id, const std::string& tenant) const = 0;

  // Returns the job. NOT_FOUND: the id is unknown, or the job was deleted.
  virtual absl::StatusOr<JobRecord> Get(const std::string& id) const = 0;

  // Returns the entries of the job's log after `after_seq`, at most `limit`, oldest first. NOT_FOUND: there is no such
  // job.
  virtual absl::StatusOr<std::vector<LoggedEvent>> Read(const std::string& id, int64_t after_seq, int limit) const = 0;

  // Returns a page of the jobs that match, newest first. INVALID_ARGUMENT: the token is one that no earlier page gave.
  virtual absl::StatusOr<JobPage> List(const JobFilter& filter, int page_size, const std::string& page_token) const = 0;

  // Returns a job that succeeded with this reuse_key and whose result is still there; nullopt when there is none.
  virtual absl::StatusOr<std::optional<JobRecord>> FindReusable(const std::string& reuse_key) const = 0;

  // Deletes a job that has ended, with its log. NOT_FOUND: there is no such job. FAILED_PRECONDITION VIDEO_ACTIVE: it
  // has not ended.
  virtual absl::Status Delete(const std::string& id) = 0;

  // Ends leases that have run out (the job waits again, or ends with ABORTED, WORKER_LOST, after kMaxCrashes crashes),
  // expires results and deletes old records. To be called now and then.
  virtual absl::StatusOr<SweptJobs> Sweep() = 0;

  // Expires the result of a job that succeeded, before its time. NOT_FOUND: there is no such job.
  virtual absl::Status Expire(const std::string& id) = 0;

  // Returns a word of letters and digits that tells this store from all others that last: it was drawn when the store
  // was made, and is the same for all servers that share it.
  virtual absl::StatusOr<std::string> Identity() const = 0;

  virtual absl::StatusOr<JobCounts> Counts() const = 0;

  // Returns the tenants that have jobs that have not ended, at most `most` of them.
  virtual absl::StatusOr<TenantLoads> Loads(int most) const = 0;

  // Returns the ids of the jobs that wait, in the order in which they will be claimed if no other comes. Takes time in
  // proportion to their number.
  virtual absl::StatusOr<std::vector<std::string>> QueueOrder() const = 0;

  // Returns the place of a waiting job in the queue, as AheadOf (core/store/fair_share.h) estimates it; nullopt when it
  // does not wait. The expected wait is the time that all jobs before it are predicted to take, one after the other; it
  // is absent where nothing is known of them. NOT_FOUND: there is no such job.
  virtual absl::StatusOr<std::optional<JobQueued>> PositionOf(const std::string& id) const = 0;

  // Returns the place that a new job of the tenant would have behind all others of the tenant.
  virtual absl::StatusOr<JobQueued> PlaceOfNew(const std::string& tenant) const = 0;

  // Returns the sha256 of all blobs, pictures and checkpoints, that jobs that have not ended need.
  virtual absl::StatusOr<std::set<std::string>> ReferencedInputs() const = 0;

  // Returns true when a job that has not ended goes on from the checkpoint with these bytes. Equal jobs share one.
  virtual absl::StatusOr<bool> IsCheckpoint(const std::string& sha256) const = 0;

  // Returns OK while the store can be asked. UNAVAILABLE STORE_UNAVAILABLE: its database is away. Does not block.
  virtual absl::Status Reachable() const = 0;

  // Calls `listener` after each change of the job, or of any job when `id` is empty. News of changes by other processes
  // may come late or not at all: callers must also look now and then.
  virtual std::unique_ptr<Subscription> Subscribe(const std::string& id, std::function<void()> listener) = 0;
};

}  // namespace ruyi
