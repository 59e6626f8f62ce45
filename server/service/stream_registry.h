// The streams that are under way, so that each gets its ticks, and its end when the server stops. Before it:
// video_service.h. Does not own the streams. Thread-safe.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "core/base/clock.h"
#include "core/base/wake_up.h"
#include "server/service/open_stream.h"

namespace ruyi {

class StreamRegistry {
 public:
  // How many streams may be under way at once. A reader that does not read holds one chunk of bytes, as message and
  // encoded.
  static constexpr size_t kMaxStreams = 2048;

  // Ends the stream with RESOURCE_EXHAUSTED QUEUE_FULL when there are too many. After EndAll it is ended at once, after
  // EndAllWhenDry once it has nothing left to send.
  void Add(const std::shared_ptr<OpenStream>& stream);

  // Ticks every stream that still lives.
  void Tick();

  // Ends every stream, and those that come later, with `why` once it has nothing left to send.
  void EndAllWhenDry(const absl::Status& why);

  // Blocks until no stream has been open for `quiet`, as seen at the ticks, and for `timeout` at most. Returns at once
  // when none is open.
  void AwaitQuiet(absl::Duration quiet, absl::Duration timeout, const Clock& clock);

  // Ends every stream, and those that come later, with `why`.
  void EndAll(const absl::Status& why);

 private:
  std::vector<std::shared_ptr<OpenStream>> Living();

  WakeUp tick_;
  absl::Mutex mutex_;
  std::vector<std::weak_ptr<OpenStream>> streams_ ABSL_GUARDED_BY(mutex_);
  std::optional<absl::Status> dry_end_ ABSL_GUARDED_BY(mutex_);
  std::optional<absl::Status> end_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace ruyi
