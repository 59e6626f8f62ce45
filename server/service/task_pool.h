// A few threads for work that must not hold up gRPC's own: decoding the pictures of requests. Bounded: when too many
// tasks wait, it refuses. Before it: video_service.h. Thread-safe.
#pragma once

#include <cstddef>
#include <functional>
#include <thread>
#include <vector>

#include "core/base/bounded_queue.h"

namespace ruyi {

class TaskPool {
 public:
  TaskPool(int threads, size_t capacity);

  // Runs what still waits, then ends.
  ~TaskPool();

  // Returns false when `capacity` tasks wait already.
  bool TryRun(std::function<void()> task) { return tasks_.TryPush(std::move(task)); }

 private:
  BoundedQueue<std::function<void()>> tasks_;
  std::vector<std::thread> threads_;
};

}  // namespace ruyi
