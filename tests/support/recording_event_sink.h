// Keeps the events of one job for a test to look at. Before it: core/job and core/worker. Owns the events. Thread-safe.
#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>
#include <utility>
#include <variant>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "core/job/job_event.h"

namespace ruyi {

class RecordingEventSink final : public JobEventSink {
 public:
  RecordingEventSink() = default;

  // Nobody listens from the event with index `fail_from` on: UNAVAILABLE for it and all after it, which are kept
  // nevertheless.
  explicit RecordingEventSink(size_t fail_from) : fail_from_(fail_from) {}

  absl::Status OnEvent(JobEvent event) override {
    absl::MutexLock lock(&mutex_);
    events_.push_back(std::move(event));
    return events_.size() > fail_from_ ? absl::UnavailableError("nobody listens") : absl::OkStatus();
  }

  std::vector<JobEvent> events() const {
    absl::MutexLock lock(&mutex_);
    return events_;
  }

  // The events of one kind, in order.
  template <typename Event>
  std::vector<Event> EventsOf() const {
    std::vector<Event> found;
    for (const JobEvent& event : events()) {
      if (const Event* one = std::get_if<Event>(&event))
        found.push_back(*one);
    }
    return found;
  }

  // Blocks until JobCompleted or JobFailed came; returns the last event.
  JobEvent AwaitEnd() const {
    absl::MutexLock lock(&mutex_, absl::Condition(this, &RecordingEventSink::HasEnded));
    return events_.back();
  }

 private:
  bool HasEnded() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return std::any_of(events_.begin(), events_.end(), [](const JobEvent& event) {
      return std::holds_alternative<JobCompleted>(event) || std::holds_alternative<JobFailed>(event);
    });
  }

  const size_t fail_from_ = std::numeric_limits<size_t>::max();
  mutable absl::Mutex mutex_;
  std::vector<JobEvent> events_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace ruyi
