#include "core/store/sqlite/sqlite_job_store.h"

#include <algorithm>
#include <string>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/base/status_macros.h"
#include "core/store/sqlite/sqlite_schema.h"

namespace ruyi {
namespace {

constexpr int64_t kBallastBytes = 16 << 20;

// Sweep moves the log into the database; SQLite itself does so, in the middle of a commit, only when nobody sweeps.
constexpr const char* kCheckpointPages = "PRAGMA wal_autocheckpoint = 16384";

bool IsDiskFull(const absl::Status& status) {
  return absl::IsResourceExhausted(status);
}

}  // namespace

absl::StatusOr<std::unique_ptr<SqliteJobStore>> SqliteJobStore::Open(const std::filesystem::path& folder,
                                                                     SqliteJobStoreOptions options,
                                                                     const Clock& clock) {
  std::error_code error;
  const bool is_new = std::filesystem::create_directories(folder, error);
  if (is_new)  // what callers send and ask for is nobody else's business
    std::filesystem::permissions(folder, std::filesystem::perms::owner_all, error);
  if (error) {
    return absl::FailedPreconditionError(absl::StrFormat("the state folder %s cannot be made: %s; choose another one",
                                                         folder.string(), error.message()));
  }
  RUYI_ASSIGN_OR_RETURN(std::unique_ptr<FolderLock> lock, FolderLock::Take(folder, clock.Now()));
  RUYI_ASSIGN_OR_RETURN(Connections connections, Connect((folder / "jobs.sqlite3").string(), options.at_boundary));
  std::unique_ptr<SqliteJobStore> store(
      new SqliteJobStore(std::move(options), clock, std::move(lock), folder, std::move(connections)));
  RUYI_RETURN_IF_ERROR(store->TakeOver());
  return store;
}

absl::StatusOr<SqliteJobStore::Connections> SqliteJobStore::Connect(const std::string& path, const BoundaryHook& hook) {
  Connections connections;
  RUYI_ASSIGN_OR_RETURN(connections.writer, SqliteConnection::Open(path, hook));
  RUYI_RETURN_IF_ERROR(MigrateSqliteSchema(*connections.writer));
  RUYI_RETURN_IF_ERROR(connections.writer->ExecuteScript("PRAGMA journal_mode = WAL"));
  RUYI_RETURN_IF_ERROR(connections.writer->ExecuteScript(kCheckpointPages));
  RUYI_ASSIGN_OR_RETURN(connections.reader, SqliteConnection::Open(path, nullptr));
  RUYI_ASSIGN_OR_RETURN(connections.checkpointer, SqliteConnection::Open(path, hook));
  return connections;
}

SqliteJobStore::SqliteJobStore(SqliteJobStoreOptions options, const Clock& clock, std::unique_ptr<FolderLock> lock,
                               const std::filesystem::path& folder, Connections connections)
    : LocalJobStore(options.jobs, clock),
      lock_(std::move(lock)),
      writer_(std::move(connections.writer)),
      table_(*writer_),
      ballast_(folder / "ballast", kBallastBytes),
      reader_(std::move(connections.reader)),
      checkpointer_(std::move(connections.checkpointer)),
      group_commit_([this](const GroupCommit::Group& group) { WriteGroup(group); }) {
  absl::MutexLock ballast_lock(&ballast_mutex_);
  ballast_.Make();
}

absl::Status SqliteJobStore::WriteRows(WriteKind kind, Change change) {
  PendingChange pending = {
      .change = change, .must_last = kind != WriteKind::kSnapshot, .may_use_ballast = kind == WriteKind::kEnding};
  return group_commit_.Run(pending);
}

absl::Status SqliteJobStore::ViewRows(Look look) const {
  absl::MutexLock lock(&read_mutex_);
  RUYI_RETURN_IF_ERROR(reader_->Execute("BEGIN"));
  absl::Status status = look(SqliteJobTable(*reader_));
  const absl::Status end = reader_->Execute("ROLLBACK");
  return status.ok() ? end : status;
}

void SqliteJobStore::WriteGroup(const GroupCommit::Group& group) {
  if (Commit(group).ok())
    return;
  for (PendingChange* pending : group)
    WriteAlone(*pending);
}

// A group fails as one; alone, each fails for itself, and one that may gives up the ballast.
void SqliteJobStore::WriteAlone(PendingChange& pending) {
  absl::Status status = Commit({&pending});
  if (IsDiskFull(status) && pending.may_use_ballast) {
    absl::MutexLock lock(&ballast_mutex_);
    if (ballast_.Drop())
      status = Commit({&pending});
  }
  if (!status.ok())
    pending.result = std::move(status);
}

absl::Status SqliteJobStore::Commit(const GroupCommit::Group& group) {
  writer_->Forgive();
  const bool must_last = std::any_of(group.begin(), group.end(), [](const auto* change) { return change->must_last; });
  RUYI_RETURN_IF_ERROR(SetSynchronous(must_last));
  writer_->AtBoundary("before begin");
  absl::Status status = writer_->Execute("BEGIN IMMEDIATE");
  writer_->AtBoundary("after begin");
  if (status.ok())
    status = MakeChanges(group);
  if (status.ok()) {
    writer_->AtBoundary("before commit");
    status = writer_->Execute("COMMIT");
    writer_->AtBoundary("after commit");
  }
  if (writer_->IsInTransaction())
    writer_->Execute("ROLLBACK").IgnoreError();
  return status;
}

absl::Status SqliteJobStore::MakeChanges(const GroupCommit::Group& group) {
  for (PendingChange* pending : group)
    RUYI_RETURN_IF_ERROR(MakeChange(*pending));
  return absl::OkStatus();
}

// A change that is refused leaves the others of its group alone; what the database refuses ends them all.
absl::Status SqliteJobStore::MakeChange(PendingChange& pending) {
  RUYI_RETURN_IF_ERROR(writer_->Execute("SAVEPOINT change"));
  pending.result = pending.change(table_);
  RUYI_RETURN_IF_ERROR(writer_->failure());
  if (!pending.result.ok())
    RUYI_RETURN_IF_ERROR(writer_->Execute("ROLLBACK TO change"));
  return writer_->Execute("RELEASE change");
}

// FULL waits for the disk at every commit, NORMAL at none: then the next FULL one keeps it too.
absl::Status SqliteJobStore::SetSynchronous(bool must_last) {
  constexpr int kNormal = 1;
  constexpr int kFull = 2;
  const int wanted = must_last ? kFull : kNormal;
  if (wanted == synchronous_)
    return absl::OkStatus();
  RUYI_RETURN_IF_ERROR(writer_->ExecuteScript(absl::StrCat("PRAGMA synchronous = ", wanted).c_str()));
  synchronous_ = wanted;
  return absl::OkStatus();
}

absl::StatusOr<SweptJobs> SqliteJobStore::Sweep() {
  {
    absl::MutexLock lock(&ballast_mutex_);
    ballast_.Make();
  }
  absl::StatusOr<SweptJobs> swept = LocalJobStore::Sweep();
  absl::MutexLock lock(&checkpoint_mutex_);
  checkpointer_->AtBoundary("before checkpoint");
  checkpointer_->Execute("PRAGMA wal_checkpoint(PASSIVE)").IgnoreError();  // the next sweep tries again
  checkpointer_->AtBoundary("after checkpoint");
  return swept;
}

}  // namespace ruyi
