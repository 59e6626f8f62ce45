// Keeps jobs in the memory of this process: they are gone with it. It serves tests. Thread-safe.
#pragma once

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "core/store/local_job_store.h"
#include "core/store/memory/memory_job_table.h"

namespace ruyi {

class MemoryJobStore final : public LocalJobStore {
 public:
  // `clock` must outlive the store.
  MemoryJobStore(JobStoreOptions options, const Clock& clock);

 private:
  // Nothing here can fail once a change has begun to write, so nothing ever needs to be undone.
  absl::Status WriteRows(WriteKind kind, Change change) override;
  absl::Status ViewRows(Look look) const override;

  mutable absl::Mutex mutex_;
  MemoryJobTable table_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace ruyi
