// Lends connections to one database: each to one transaction at a time. After a failure it waits a little longer before
// each new attempt to connect, and refuses meanwhile without asking. Before it: PostgresJobStore. Owns the connections
// and must outlive what it lends. Thread-safe.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "core/store/postgres/backoff.h"
#include "core/store/postgres/postgres_connection.h"

namespace ruyi {

class PostgresPool {
 public:
  struct Returner {
    PostgresPool* pool = nullptr;
    void operator()(PostgresConnection* connection) const { pool->Give(connection); }
  };
  using Loan = std::unique_ptr<PostgresConnection, Returner>;

  // Connects to `url` when somebody asks, at most `most` times at once.
  PostgresPool(std::string url, int most) : url_(std::move(url)), most_(most) {}

  // Returns a connection, which may turn out to be broken when it is used. Errors: those of PostgresConnection::Open.
  // Blocks while all are lent, and while it connects.
  absl::StatusOr<Loan> Take();

  // Lets the next Take connect without a wait: somebody else has found the database.
  void TryAgain();

 private:
  void Give(PostgresConnection* connection);
  bool HasRoom() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return !idle_.empty() || open_ < most_; }
  absl::StatusOr<Loan> Connect();

  const std::string url_;
  const int most_;
  absl::Mutex mutex_;
  std::vector<std::unique_ptr<PostgresConnection>> idle_ ABSL_GUARDED_BY(mutex_);
  int open_ ABSL_GUARDED_BY(mutex_) = 0;  // lent, idle or being opened
  Backoff backoff_ ABSL_GUARDED_BY(mutex_);
  absl::Status away_ ABSL_GUARDED_BY(mutex_);  // of the last attempt to connect
};

}  // namespace ruyi
