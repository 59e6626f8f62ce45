// Keeps jobs in a folder of this machine, in jobs.sqlite3. Whatever a call promises is on the disk before it returns;
// readers do not wait for writers. One process has the folder at a time. Thread-safe.
#pragma once

#include <filesystem>
#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "core/store/local_job_store.h"
#include "core/store/sqlite/ballast_file.h"
#include "core/store/sqlite/folder_lock.h"
#include "core/store/sqlite/group_commit.h"
#include "core/store/sqlite/sqlite_connection.h"
#include "core/store/sqlite/sqlite_job_table.h"

namespace ruyi {

struct SqliteJobStoreOptions {
  JobStoreOptions jobs;
  BoundaryHook at_boundary;  // called before and after each step of a write; for tests, which end the process there
};

class SqliteJobStore final : public LocalJobStore {
 public:
  // Opens the store in `folder`, which is made when there is none. Jobs that workers of an earlier process had begun
  // wait again; that counts as a crash. `clock` must outlive the store. Blocks on the disk. FAILED_PRECONDITION:
  // another process has the folder, it cannot be written, or a newer server wrote it. DATA_LOSS: the database is
  // damaged. RESOURCE_EXHAUSTED DISK_FULL: there is no room.
  static absl::StatusOr<std::unique_ptr<SqliteJobStore>> Open(const std::filesystem::path& folder,
                                                              SqliteJobStoreOptions options, const Clock& clock);

  // Also moves the write-ahead log into the database itself, and makes the ballast file again.
  absl::StatusOr<SweptJobs> Sweep() override;

 private:
  struct Connections {
    std::unique_ptr<SqliteConnection> writer;
    std::unique_ptr<SqliteConnection> reader;
    std::unique_ptr<SqliteConnection> checkpointer;
  };

  SqliteJobStore(SqliteJobStoreOptions options, const Clock& clock, std::unique_ptr<FolderLock> lock,
                 const std::filesystem::path& folder, Connections connections);

  static absl::StatusOr<Connections> Connect(const std::string& path, const BoundaryHook& hook);

  absl::Status WriteRows(WriteKind kind, Change change) override;
  absl::Status ViewRows(Look look) const override;

  // All of these run on the thread that GroupCommit has chosen.
  void WriteGroup(const GroupCommit::Group& group);
  void WriteAlone(PendingChange& pending);
  absl::Status Commit(const GroupCommit::Group& group);
  absl::Status MakeChanges(const GroupCommit::Group& group);
  absl::Status MakeChange(PendingChange& pending);
  absl::Status SetSynchronous(bool must_last);

  const std::unique_ptr<FolderLock> lock_;
  const std::unique_ptr<SqliteConnection> writer_;  // used by WriteGroup alone
  SqliteJobTable table_;                            // of writer_
  int synchronous_ = -1;                            // of writer_; as SQLite counts
  absl::Mutex ballast_mutex_;
  BallastFile ballast_ ABSL_GUARDED_BY(ballast_mutex_);
  mutable absl::Mutex read_mutex_;
  const std::unique_ptr<SqliteConnection> reader_ ABSL_PT_GUARDED_BY(read_mutex_);
  absl::Mutex checkpoint_mutex_;
  const std::unique_ptr<SqliteConnection> checkpointer_ ABSL_PT_GUARDED_BY(checkpoint_mutex_);
  GroupCommit group_commit_;
};

}  // namespace ruyi
