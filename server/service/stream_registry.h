// The streams that are under way, so that each gets its ticks, and its end when the server stops. Before it:
// video_service.h. Does not own the streams. Thread-safe.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "server/service/open_stream.h"

namespace ruyi {

class StreamRegistry {
 public:
  // After EndAll the stream is ended at once.
  void Add(const std::shared_ptr<OpenStream>& stream);

  // Ticks every stream that still lives.
  void Tick();

  // Ends every stream, and those that come later, with `why`.
  void EndAll(const absl::Status& why);

 private:
  std::vector<std::shared_ptr<OpenStream>> Living();

  absl::Mutex mutex_;
  std::vector<std::weak_ptr<OpenStream>> streams_ ABSL_GUARDED_BY(mutex_);
  std::optional<absl::Status> end_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace ruyi
