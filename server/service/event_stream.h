// Streams the events of a video: WatchVideo, and GenerateVideo with the MP4 bytes between them. Before it: core/reader.
// After it: the wire. Thread-safe.
#pragma once

#include <ruyi/v1/video_event.pb.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/artifact/artifact_store.h"
#include "core/base/cancellation.h"
#include "core/reader/log_cursor.h"
#include "core/reader/result_cursor.h"
#include "core/store/job_store.h"
#include "server/service/job_callers.h"
#include "server/service/pulled_stream.h"

namespace ruyi {

// Holds what streams read from. All of it must outlive the streams.
struct StreamSources {
  JobStore* jobs = nullptr;
  ArtifactStore* artifacts = nullptr;
  const std::atomic<int>* workers = nullptr;  // the workers that share the queue
  const Clock* clock = nullptr;
  TaskPool* pool = nullptr;
  JobCallers* callers = nullptr;
  std::function<void(size_t)> on_bytes_sent;  // is told of MP4 bytes that went to readers
};

// Says what a stream shows of a video.
struct EventStreamOptions {
  int64_t after_seq = 0;
  bool with_bytes = false;             // chunks come between the events
  bool cancels_on_disconnect = false;  // the job ends with its last reader, unless it was detached meanwhile
};

class EventStream final : public PulledStream<ruyi::v1::VideoEvent> {
 public:
  // `cancellation` ends with the reader.
  EventStream(const StreamSources& sources, CancellationSource cancellation);

  // Shows the video `id` from now on. Once; nothing is pulled before it.
  void Show(const std::string& id, const EventStreamOptions& options);

  // Ends when the reader has gone.
  CancellationToken token() const { return cancellation_.token(); }

  void OnDone() override;

 protected:
  Pulled<ruyi::v1::VideoEvent> Pull() override;
  std::optional<ruyi::v1::VideoEvent> Heartbeat() override;
  void OnReaderGone() override;
  void OnSent(const ruyi::v1::VideoEvent& event) override;

 private:
  // Remembers what is shown, and how far.
  struct Shown {
    std::string id;
    EventStreamOptions options;
    LogCursor log;
    ResultCursor bytes;
    std::optional<LoggedEvent> held;  // an event that was read and not sent yet
    absl::Status end;                 // what the call ends with after the last event
    bool is_waiting = false;          // the job is in the queue, as far as was shown
    int position = -1;                // what was shown last of its place in the queue
    bool paused = false;
    std::unique_ptr<Subscription> log_changes;
    std::unique_ptr<Subscription> result_changes;
  };

  std::shared_ptr<Shown> shown() const;
  absl::StatusOr<std::optional<ruyi::v1::VideoEvent>> Next(Shown& shown);
  absl::StatusOr<std::optional<ruyi::v1::VideoEvent>> NextEvent(Shown& shown);
  absl::StatusOr<std::optional<ruyi::v1::VideoEvent>> NextChunk(Shown& shown);
  std::optional<ruyi::v1::VideoEvent> NextPosition(Shown& shown);
  ruyi::v1::VideoQueued QueuedOf(JobQueued queued) const;
  void Leave(const std::string& id, bool ends_job);
  void CancelJob(const std::string& id);

  const StreamSources sources_;
  CancellationSource cancellation_;
  std::atomic<bool> is_counted_ = false;  // among the job's callers
  mutable absl::Mutex shown_mutex_;
  std::shared_ptr<Shown> shown_ ABSL_GUARDED_BY(shown_mutex_);
};

}  // namespace ruyi
