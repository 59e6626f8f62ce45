#include "core/store/memory/memory_job_store.h"

namespace ruyi {

MemoryJobStore::MemoryJobStore(JobStoreOptions options, const Clock& clock) : LocalJobStore(options, clock) {
  TakeOver().IgnoreError();  // an empty table has nothing to take over, and cannot fail
}

absl::Status MemoryJobStore::WriteRows(WriteKind /*kind*/, Change change) {
  absl::MutexLock lock(&mutex_);
  return change(table_);
}

absl::Status MemoryJobStore::ViewRows(Look look) const {
  absl::MutexLock lock(&mutex_);
  return look(table_);
}

}  // namespace ruyi
