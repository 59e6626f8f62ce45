#include "server/service/outbox.h"

#include <algorithm>
#include <utility>
#include <variant>

namespace ruyi {
namespace {

bool IsChunk(const JobEvent& event) {
  return std::holds_alternative<JobChunk>(event);
}

// A snapshot, of which only the latest is worth sending.
bool IsSnapshot(const JobEvent& event) {
  return std::holds_alternative<JobProgress>(event) || std::holds_alternative<JobQueued>(event);
}

}  // namespace

absl::Status Outbox::Push(JobEvent event) {
  absl::MutexLock lock(&mutex_);
  if (IsChunk(event))
    mutex_.Await(absl::Condition(this, &Outbox::HasRoom));
  if (closed_)
    return absl::CancelledError("the reader of the video has gone");
  if (IsChunk(event) && !refusal_.ok())
    return refusal_;
  if (IsSnapshot(event)) {
    const auto same_kind = [&](const JobEvent& waiting) { return waiting.index() == event.index(); };
    events_.erase(std::remove_if(events_.begin(), events_.end(), same_kind), events_.end());
  }
  chunks_ += IsChunk(event) ? 1 : 0;
  events_.push_back(std::move(event));
  return absl::OkStatus();
}

std::optional<JobEvent> Outbox::Pop() {
  absl::MutexLock lock(&mutex_);
  if (events_.empty())
    return std::nullopt;
  JobEvent event = std::move(events_.front());
  events_.pop_front();
  chunks_ -= IsChunk(event) ? 1 : 0;
  return event;
}

void Outbox::RefuseChunks(absl::Status why) {
  absl::MutexLock lock(&mutex_);
  refusal_.Update(std::move(why));
}

void Outbox::Close() {
  absl::MutexLock lock(&mutex_);
  closed_ = true;
  events_.clear();
  chunks_ = 0;
}

}  // namespace ruyi
