// Counts what the observers of all jobs are told, so that a test can wait for it. Thread-safe.
#pragma once

#include <functional>
#include <utility>
#include <variant>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "core/job/job_observer.h"
#include "tests/server/counter.h"

namespace ruyi {

class EventLog final : public JobObserver {
 public:
  // `on_accepted` runs when a job is accepted, before its stream is told.
  explicit EventLog(std::function<void()> on_accepted) : on_accepted_(std::move(on_accepted)) {}

  void OnJobEvent(const JobRecord& /*job*/, const LoggedEvent& event) override {
    if (std::holds_alternative<JobAccepted>(event.event)) {
      accepted_.Increment();
      on_accepted_();
    } else if (std::holds_alternative<JobCompleted>(event.event)) {
      AddEnd(absl::OkStatus());
    } else if (const auto* failed = std::get_if<JobFailed>(&event.event)) {
      AddEnd(failed->status);
    }
  }

  void OnRefused(const CallContext& /*caller*/, const absl::Status& /*why*/) override { refused_.Increment(); }

  const Counter& accepted() const { return accepted_; }
  const Counter& refused() const { return refused_; }
  const Counter& ended() const { return ended_; }

  // Returns what the jobs ended with, in order.
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
  Counter refused_;
  Counter ended_;
  mutable absl::Mutex mutex_;
  std::vector<absl::Status> ends_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace ruyi
