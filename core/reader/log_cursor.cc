#include "core/reader/log_cursor.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "core/base/status_macros.h"

namespace ruyi {
namespace {

constexpr int kBatch = 64;

// Leaves out each snapshot that a later one of its kind replaces.
std::deque<LoggedEvent> Coalesced(std::vector<LoggedEvent> events) {
  std::deque<LoggedEvent> kept;
  for (auto event = events.rbegin(); event != events.rend(); ++event) {
    const auto is_same_kind = [&](const LoggedEvent& later) { return later.event.index() == event->event.index(); };
    if (!IsSnapshot(event->event) || std::none_of(kept.begin(), kept.end(), is_same_kind))
      kept.push_front(std::move(*event));
  }
  return kept;
}

}  // namespace

absl::StatusOr<std::optional<LoggedEvent>> LogCursor::Next() {
  if (read_.empty() && !done_)
    RUYI_RETURN_IF_ERROR(Fill());
  if (read_.empty())
    return std::nullopt;
  LoggedEvent event = std::move(read_.front());
  read_.pop_front();
  done_ = IsLast(event.event);
  return event;
}

absl::Status LogCursor::Fill() {
  RUYI_ASSIGN_OR_RETURN(std::vector<LoggedEvent> events, jobs_.Read(id_, last_seq_, kBatch));
  if (!events.empty())
    last_seq_ = events.back().seq;
  read_ = Coalesced(std::move(events));
  return absl::OkStatus();
}

}  // namespace ruyi
