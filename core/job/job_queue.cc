#include "core/job/job_queue.h"

#include <algorithm>
#include <numeric>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/base/error_info.h"
#include "core/base/error_reasons.h"

namespace ruyi {
namespace {

constexpr absl::Duration kRetryDelay = absl::Seconds(5);

absl::Status QueueFull(size_t capacity) {
  return WithErrorInfo(absl::ResourceExhaustedError(
                           absl::StrFormat("the queue is full: %d jobs wait; send the request again later", capacity)),
                       {.reason = std::string(reason::kQueueFull),
                        .metadata = {{"queue_capacity", absl::StrCat(capacity)}},
                        .retry_delay = kRetryDelay});
}

// A sink that no longer listens has already cancelled its job; there is nobody to tell.
void Report(const Job& job, JobEvent event) {
  job.events->OnEvent(std::move(event)).IgnoreError();
}

auto Find(auto& jobs, const Job& job) {
  return std::find_if(jobs.begin(), jobs.end(), [&](const auto& candidate) { return candidate.get() == &job; });
}

}  // namespace

absl::Status DrainingError() {
  return WithErrorInfo(absl::UnavailableError("the server is shutting down; send the request to another one"),
                       {.reason = std::string(reason::kDraining), .retry_delay = kRetryDelay});
}

absl::Status JobQueue::Push(std::shared_ptr<Job> job) {
  absl::MutexLock lock(&mutex_);
  if (closed_)
    return DrainingError();
  if (waiting_.size() >= capacity_)
    return QueueFull(capacity_);
  waiting_.push_back(std::move(job));
  ReportPositions(waiting_.size() - 1);
  return absl::OkStatus();
}

std::shared_ptr<Job> JobQueue::Pop() {
  absl::MutexLock lock(&mutex_);
  while (true) {
    mutex_.Await(absl::Condition(this, &JobQueue::HasWork));
    if (waiting_.empty())
      return nullptr;
    std::shared_ptr<Job> job = std::move(waiting_.front());
    waiting_.pop_front();
    if (absl::Status status = job->cancellation.token().Check(); !status.ok()) {
      Report(*job, JobFailed{std::move(status)});
      ReportPositions(0);
      continue;
    }
    running_.push_back(job);
    return job;
  }
}

void JobQueue::Done(const Job& job) {
  absl::MutexLock lock(&mutex_);
  if (const auto found = Find(running_, job); found != running_.end())
    running_.erase(found);
  ReportPositions(0);
}

void JobQueue::Cancel(Job& job, const absl::Status& why) {
  job.cancellation.Cancel(why);
  absl::MutexLock lock(&mutex_);
  const auto found = Find(waiting_, job);
  if (found == waiting_.end())
    return;
  Report(job, JobFailed{job.cancellation.token().Check()});
  const size_t position = found - waiting_.begin();
  waiting_.erase(found);
  ReportPositions(position);
}

void JobQueue::CancelAll(const absl::Status& why) {
  absl::MutexLock lock(&mutex_);
  for (const std::shared_ptr<Job>& job : running_)
    job->cancellation.Cancel(why);
  for (const std::shared_ptr<Job>& job : waiting_) {
    job->cancellation.Cancel(why);
    Report(*job, JobFailed{job->cancellation.token().Check()});
  }
  waiting_.clear();
}

void JobQueue::Close() {
  absl::MutexLock lock(&mutex_);
  closed_ = true;
}

bool JobQueue::AwaitIdle(absl::Duration timeout) const {
  absl::MutexLock lock(&mutex_);
  return mutex_.AwaitWithTimeout(absl::Condition(this, &JobQueue::IsIdle), timeout);
}

double JobQueue::predicted_seconds() const {
  absl::MutexLock lock(&mutex_);
  const auto add = [](double sum, const std::shared_ptr<Job>& job) { return sum + job->plan.prediction.seconds(); };
  return std::accumulate(waiting_.begin(), waiting_.end(), std::accumulate(running_.begin(), running_.end(), 0.0, add),
                         add);
}

size_t JobQueue::waiting() const {
  absl::MutexLock lock(&mutex_);
  return waiting_.size();
}

size_t JobQueue::running() const {
  absl::MutexLock lock(&mutex_);
  return running_.size();
}

void JobQueue::ReportPositions(size_t first) const {
  for (size_t i = first; i < waiting_.size(); ++i)
    Report(*waiting_[i], JobQueued{.position = static_cast<int>(i + running_.size())});
}

}  // namespace ruyi
