#include "server/app/worker_pool.h"

#include <algorithm>
#include <utility>

namespace ruyi {

void WorkerPool::Start(std::vector<Worker::Parts> parts) {
  absl::MutexLock lock(&mutex_);
  if (is_stopped_)
    return;
  for (Worker::Parts& own : parts)
    workers_.push_back(std::make_shared<Worker>(std::move(own)));
}

std::vector<std::shared_ptr<Worker>> WorkerPool::workers() const {
  absl::MutexLock lock(&mutex_);
  return workers_;
}

void WorkerPool::Shorten(absl::Duration patience) {
  absl::MutexLock lock(&mutex_);
  if (!is_handing_back_)
    give_up_ = std::min(give_up_, clock_.Elapsed() + patience);
}

absl::Duration WorkerPool::PatienceLeft() const {
  absl::MutexLock lock(&mutex_);
  return give_up_ - clock_.Elapsed();
}

// Waits in short turns, for the patience may be shortened meanwhile.
bool WorkerPool::AwaitIdle() const {
  constexpr absl::Duration kTurn = absl::Seconds(1);
  for (const std::shared_ptr<Worker>& worker : workers()) {
    while (!worker->AwaitIdle(std::clamp(PatienceLeft(), absl::ZeroDuration(), kTurn))) {
      if (PatienceLeft() <= absl::ZeroDuration())
        return false;
    }
  }
  return true;
}

void WorkerPool::Stop(absl::Duration patience, absl::Duration limit) {
  Shorten(patience);
  {
    absl::MutexLock lock(&mutex_);
    is_stopped_ = true;
  }
  for (const std::shared_ptr<Worker>& worker : workers())
    worker->Pause();
  if (AwaitIdle())
    return;
  Hurry();
  {
    absl::MutexLock lock(&mutex_);
    is_handing_back_ = true;
    give_up_ = clock_.Elapsed() + limit;
  }
  if (AwaitIdle())
    return;
  for (const std::shared_ptr<Worker>& worker : workers())
    worker->Abandon();
}

void WorkerPool::Clear() {
  std::vector<std::shared_ptr<Worker>> last;  // let go after the lock
  absl::MutexLock lock(&mutex_);
  last.swap(workers_);
}

std::vector<WorkerStatus> WorkerPool::Statuses() const {
  std::vector<WorkerStatus> statuses;
  for (const std::shared_ptr<Worker>& worker : workers())
    statuses.push_back(worker->status());
  return statuses;
}

absl::Status WorkerPool::SetMemoryBudget(const std::string& name, std::optional<int64_t> bytes) {
  for (const std::shared_ptr<Worker>& worker : workers()) {
    if (worker->name() == name)
      return worker->SetMemoryBudget(bytes);
  }
  return absl::NotFoundError("there is no worker " + name);
}

// A worker that hands back is idle soon, which ends the patience.
void WorkerPool::Hurry() {
  for (const std::shared_ptr<Worker>& worker : workers())
    worker->HandBack();
}

}  // namespace ruyi
