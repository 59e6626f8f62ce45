#include "core/store/postgres/postgres_pool.h"

#include <utility>

namespace ruyi {

absl::StatusOr<PostgresPool::Loan> PostgresPool::Take() {
  {
    absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(this, &PostgresPool::HasRoom));
    if (!idle_.empty()) {
      Loan loan(idle_.back().release(), Returner{this});
      idle_.pop_back();
      return loan;
    }
    if (!backoff_.IsOver())
      return away_;
    ++open_;
  }
  return Connect();
}

absl::StatusOr<PostgresPool::Loan> PostgresPool::Connect() {
  absl::StatusOr<std::unique_ptr<PostgresConnection>> opened = PostgresConnection::Open(url_);
  absl::MutexLock lock(&mutex_);
  away_ = opened.status();
  if (opened.ok()) {
    backoff_.Reset();
    return Loan(opened->release(), Returner{this});
  }
  --open_;
  backoff_.Start();
  return away_;
}

void PostgresPool::TryAgain() {
  absl::MutexLock lock(&mutex_);
  backoff_.Reset();
}

// Where one connection has broken, the idle ones most likely have too.
void PostgresPool::Give(PostgresConnection* connection) {
  std::vector<std::unique_ptr<PostgresConnection>> closed;  // after the lock
  absl::MutexLock lock(&mutex_);
  std::unique_ptr<PostgresConnection> own(connection);
  if (!own->IsBroken()) {
    idle_.push_back(std::move(own));
    return;
  }
  closed.swap(idle_);
  closed.push_back(std::move(own));
  open_ -= static_cast<int>(closed.size());
}

}  // namespace ruyi
