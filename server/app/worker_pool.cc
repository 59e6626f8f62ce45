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

bool WorkerPool::AwaitIdle(absl::Duration timeout) const {
  const absl::Duration give_up = clock_.Elapsed() + timeout;
  const std::vector<std::shared_ptr<Worker>> all = workers();
  return std::all_of(all.begin(), all.end(), [&](const std::shared_ptr<Worker>& worker) {
    return worker->AwaitIdle(std::max(absl::ZeroDuration(), give_up - clock_.Elapsed()));
  });
}

void WorkerPool::Stop(absl::Duration patience, absl::Duration limit) {
  {
    absl::MutexLock lock(&mutex_);
    is_stopped_ = true;
  }
  for (const std::shared_ptr<Worker>& worker : workers())
    worker->Pause();
  if (AwaitIdle(patience))
    return;
  Hurry();
  if (AwaitIdle(limit))
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
