// Keeps the stores tidy and in agreement: leases that ran out, results and records whose time is over, bytes that
// nobody refers to. Rows go first and bytes after them, so that a crash in between leaves bytes without a row, which
// the next start finds. Before it: a timer of the server. After it: core/store, core/artifact. Thread-safe.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "core/artifact/artifact_store.h"
#include "core/store/job_store.h"

namespace ruyi {

class Janitor {
 public:
  // The stores must outlive it.
  Janitor(JobStore& jobs, ArtifactStore& artifacts) : jobs_(jobs), artifacts_(artifacts) {}

  // The number of results of those that were there at the start that one CleanUp looks at.
  static constexpr int kChecksAtATime = 100;

  // Cleans up after a process that died: deletes results whose jobs made no video, and expires jobs whose results are
  // gone. It lists both stores and asks for no result that it finds in both, for in a bucket each is a request; whether
  // those are whole the calls of CleanUp after it find out. They also delete the results that have no job, if they have
  // none then: another server may be about to create one. To be called once, before jobs are claimed.
  // FAILED_PRECONDITION: the artifacts belong to another store of jobs, or nothing says whose they are and some are
  // unknown to this one; nothing has been deleted. Blocks on the disk.
  absl::Status Reconcile();

  // Sweeps both stores; to be called every few seconds, after Reconcile. A result that cannot be deleted now is deleted
  // by a later call. Says again whose the artifacts are where that is missing by now. FAILED_PRECONDITION: they belong
  // to another store of jobs by now; jobs have been swept, and no bytes deleted. Blocks on the disk.
  absl::Status CleanUp();

 private:
  absl::Status TakeOver();
  absl::StatusOr<bool> KnowsAllArtifacts() const;
  absl::Status ReconcileJob(const JobRecord& job, bool has_bytes);
  absl::Status ReconcileStray(const std::string& id);
  absl::Status ExpireUnlessWhole(const std::string& id);
  absl::Status CheckSome();
  absl::Status DeleteUnwanted();
  absl::Status DeleteStrays();

  JobStore& jobs_;
  ArtifactStore& artifacts_;
  absl::Mutex mutex_;
  std::set<std::string> unwanted_ ABSL_GUARDED_BY(mutex_);      // jobs whose results are to be deleted
  std::set<std::string> strays_ ABSL_GUARDED_BY(mutex_);        // results that had no job at the start
  std::vector<std::string> unchecked_ ABSL_GUARDED_BY(mutex_);  // videos whose results were there at the start
};

}  // namespace ruyi
