#include "server/service/event_stream.h"

#include <utility>
#include <variant>

#include "core/base/status_macros.h"
#include "server/convert/event_to_proto.h"
#include "server/service/call_token.h"

namespace ruyi {

using Event = ruyi::v1::VideoEvent;

EventStream::EventStream(const StreamSources& sources, CancellationSource cancellation)
    : PulledStream(*sources.pool, *sources.clock), sources_(sources), cancellation_(std::move(cancellation)) {}

void EventStream::Show(const std::string& id, const EventStreamOptions& options) {
  auto shown = std::make_shared<Shown>(Shown{.id = id,
                                             .options = options,
                                             .log = LogCursor(*sources_.jobs, id, options.after_seq),
                                             .bytes = ResultCursor(*sources_.jobs, *sources_.artifacts, id, {}),
                                             .held = {},
                                             .log_changes = {},
                                             .result_changes = {}});
  shown->log_changes = sources_.jobs->Subscribe(id, Waker());
  if (options.with_bytes)
    shown->result_changes = sources_.artifacts->Subscribe(id, Waker());
  if (options.cancels_on_disconnect) {
    sources_.callers->Add(id);
    is_counted_ = true;
  }
  {
    absl::MutexLock lock(&shown_mutex_);
    shown_ = shown;
  }
  if (!cancellation_.token().Check().ok())
    Leave(id, /*ends_job=*/true);  // the reader has gone meanwhile
  Wake();
}

std::shared_ptr<EventStream::Shown> EventStream::shown() const {
  absl::MutexLock lock(&shown_mutex_);
  return shown_;
}

Pulled<Event> EventStream::Pull() {
  const std::shared_ptr<Shown> current = shown();
  if (current == nullptr)
    return {};
  absl::StatusOr<std::optional<Event>> event = Next(*current);
  if (!event.ok())
    return {.message = {}, .end = event.status()};
  Pulled<Event> pulled = {.message = *std::move(event), .end = {}};
  if (current->log.done() && !current->held.has_value())
    pulled.end = current->end;
  return pulled;
}

absl::StatusOr<std::optional<Event>> EventStream::Next(Shown& shown) {
  RUYI_ASSIGN_OR_RETURN(std::optional<Event> event, NextEvent(shown));
  if (event.has_value() || !shown.options.with_bytes)
    return event.has_value() ? event : NextPosition(shown);
  RUYI_ASSIGN_OR_RETURN(std::optional<Event> chunk, NextChunk(shown));
  return chunk.has_value() ? chunk : NextPosition(shown);
}

// The last event of a video that was made is held until all of its bytes are sent.
absl::StatusOr<std::optional<Event>> EventStream::NextEvent(Shown& shown) {
  if (!shown.held.has_value()) {
    RUYI_ASSIGN_OR_RETURN(shown.held, shown.log.Next());
  }
  const bool waits_for_bytes = shown.held.has_value() && std::holds_alternative<JobCompleted>(shown.held->event) &&
                               shown.options.with_bytes && !shown.bytes.done();
  if (!shown.held.has_value() || waits_for_bytes)
    return std::nullopt;
  const LoggedEvent event = *std::exchange(shown.held, std::nullopt);
  shown.is_waiting = std::holds_alternative<JobQueued>(event.event);
  if (const auto* failed = std::get_if<JobFailed>(&event.event); failed != nullptr && shown.options.with_bytes)
    shown.end = failed->status;  // that a watched video failed is no error of the call that watches it
  RUYI_ASSIGN_OR_RETURN(const JobRecord record, sources_.jobs->Get(shown.id));
  Event proto = ToProto(record, event);
  if (const auto* queued = std::get_if<JobQueued>(&event.event)) {
    shown.position = queued->position;
    shown.paused = queued->paused;
    *proto.mutable_queued() = QueuedOf(*queued);
  }
  return proto;
}

// The store counts the work; how many share it, it does not know.
ruyi::v1::VideoQueued EventStream::QueuedOf(JobQueued queued) const {
  if (queued.expected_wait.has_value())
    queued.expected_wait = *queued.expected_wait / sources_.workers->load();
  return ToProto(queued);
}

absl::StatusOr<std::optional<Event>> EventStream::NextChunk(Shown& shown) {
  absl::StatusOr<std::optional<ResultChunk>> chunk = shown.bytes.Next();
  if (!chunk.ok() && !shown.held.has_value())
    return std::nullopt;  // the job has ended otherwise: its log says how
  RUYI_RETURN_IF_ERROR(chunk.status());
  if (!chunk->has_value())
    return std::nullopt;
  Event event;
  *event.mutable_chunk() = ToProto(**std::move(chunk));
  return event;
}

std::optional<Event> EventStream::NextPosition(Shown& shown) {
  if (!shown.is_waiting)
    return std::nullopt;
  const absl::StatusOr<std::optional<JobQueued>> queued = sources_.jobs->PositionOf(shown.id);
  if (!queued.ok() || !queued->has_value())
    return std::nullopt;
  if ((*queued)->position == shown.position && (*queued)->paused == shown.paused)
    return std::nullopt;
  shown.position = (*queued)->position;
  shown.paused = (*queued)->paused;
  Event event;
  *event.mutable_queued() = QueuedOf(**queued);
  return event;
}

std::optional<Event> EventStream::Heartbeat() {
  if (shown() == nullptr)
    return std::nullopt;
  Event event;
  event.mutable_heartbeat();
  return event;
}

void EventStream::OnReaderGone() {
  cancellation_.Cancel(CancelledByCaller());
  if (const std::shared_ptr<Shown> current = shown(); current != nullptr)
    Leave(current->id, /*ends_job=*/true);
}

void EventStream::OnSent(const Event& event) {
  if (event.has_chunk())
    sources_.on_bytes_sent(event.chunk().data().size());
}

// Takes the stream out of the job's callers; may be called again.
void EventStream::Leave(const std::string& id, bool ends_job) {
  if (is_counted_.exchange(false) && sources_.callers->Remove(id) && ends_job)
    CancelJob(id);
}

// Cancels the job on the pool, for the store may have to wait for the disk.
void EventStream::CancelJob(const std::string& id) {
  const auto cancel = [jobs = sources_.jobs, id] { jobs->CancelUnlessDetached(id, CancelledByCaller()).IgnoreError(); };
  if (!sources_.pool->TryRun(cancel))
    cancel();
}

// The subscriptions end here, where no lock is held that their listeners take.
void EventStream::OnDone() {
  std::shared_ptr<Shown> last = shown();
  if (last != nullptr) {
    last->log_changes.reset();
    last->result_changes.reset();
    Leave(last->id, /*ends_job=*/false);
  }
  PulledStream::OnDone();
}

}  // namespace ruyi
