// What the observers of all jobs are told, counted for a test to wait for. Thread-safe.
#pragma once

#include <functional>
#include <utility>
#include <variant>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "server/service/job_observer.h"
#include "tests/server/counter.h"

namespace ruyi {

class EventLog final : public JobObserver {
 public:
  // `on_accepted` runs when a job is accepted, before its stream is told.
  explicit EventLog(std::function<void()> on_accepted) : on_accepted_(std::move(on_accepted)) {}

  void OnJobEvent(const ObservedJob& /*job*/, const JobEvent& event) override {
    if (std::holds_alternative<JobAccepted>(event)) {
      accepted_.Increment();
      on_accepted_();
    } else if (std::holds_alternative<JobChunk>(event)) {
      chunks_.Increment();
    } else if (std::holds_alternative<JobCompleted>(event)) {
      AddEnd(absl::OkStatus());
    } else if (const auto* failed = std::get_if<JobFailed>(&event)) {
      AddEnd(failed->status);
    }
  }

  const Counter& accepted() const { return accepted_; }
  const Counter& chunks() const { return chunks_; }
  const Counter& ended() const { return ended_; }

  // What the jobs ended with, in order.
  std::vector<absl::Status> ends() const {
    absl::MutexLock lock(&mutex_);
    return ends_;
  }

 private:
  void AddEnd(const absl::Status& status) {
    {
      absl::MutexLock lock(&mutex_);
      ends_.push_back(status);
    }
    ended_.Increment();
  }

  const std::function<void()> on_accepted_;
  Counter accepted_;
  Counter chunks_;
  Counter ended_;
  mutable absl::Mutex mutex_;
  std::vector<absl::Status> ends_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace ruyi
