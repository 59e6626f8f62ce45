#include "core/job/job_record.h"

#include <algorithm>
#include <utility>
#include <variant>

namespace ruyi {
namespace {

class Transition {
 public:
  Transition(absl::Time time, JobRecord& record) : time_(time), record_(record) {}

  void operator()(const JobAccepted&) const { record_.create_time = time_; }

  void operator()(const JobQueued&) const { record_.state = JobState::kQueued; }

  // A cancel that came between the claim and this event stays.
  void operator()(const JobStarted& started) const {
    if (record_.state != JobState::kCancelling)
      record_.state = JobState::kRunning;
    if (!record_.start_time.has_value())
      record_.start_time = time_;
    record_.placement = started.placement;
    record_.worker = started.worker;
    record_.attempts = std::max(record_.attempts, started.attempt);
  }

  void operator()(const JobResumed&) const { ++record_.resumes; }

  void operator()(const JobProgress& progress) const { record_.progress = progress; }

  void operator()(const JobPreview&) const {}

  void operator()(const JobRetry&) const {}

  void operator()(const JobCancelling& cancelling) const {
    record_.state = JobState::kCancelling;
    record_.error = cancelling.why;
  }

  // A video that was finished before its cancel took effect is a success.
  void operator()(const JobCompleted& completed) const {
    record_.state = JobState::kSucceeded;
    record_.end_time = time_;
    record_.result = completed.result;
    record_.usage = completed.usage;
    record_.outcome.reset();
    record_.error = absl::OkStatus();
  }

  void operator()(const JobFailed& failed) const {
    record_.state = absl::IsCancelled(failed.status) ? JobState::kCancelled : JobState::kFailed;
    record_.end_time = time_;
    record_.error = failed.status;
    record_.outcome.reset();
  }

 private:
  const absl::Time time_;
  JobRecord& record_;
};

}  // namespace

bool IsEnded(JobState state) {
  switch (state) {
    case JobState::kQueued:
    case JobState::kRunning:
    case JobState::kCancelling:
      return false;
    case JobState::kSucceeded:
    case JobState::kFailed:
    case JobState::kCancelled:
    case JobState::kExpired:
      return true;
  }
  return true;
}

void Apply(const JobEvent& event, absl::Time time, JobRecord& record) {
  std::visit(Transition(time, record), event);
}

}  // namespace ruyi
