// The calls that are under way, so that each gets its ticks. Before it: video_service.h. Does not own the streams.
// Thread-safe.
#pragma once

#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "server/service/video_stream.h"

namespace ruyi {

class StreamRegistry {
 public:
  void Add(const std::shared_ptr<VideoStream>& stream);

  // Ticks every stream that still lives.
  void Tick();

 private:
  absl::Mutex mutex_;
  std::vector<std::weak_ptr<VideoStream>> streams_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace ruyi
