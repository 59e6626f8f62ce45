#include "server/service/task_pool.h"

#include <optional>

namespace ruyi {

TaskPool::TaskPool(int threads, size_t capacity) : tasks_(capacity) {
  for (int i = 0; i < threads; ++i) {
    threads_.emplace_back([this] {
      while (std::optional<std::function<void()>> task = tasks_.Pop())
        (*task)();
    });
  }
}

TaskPool::~TaskPool() {
  tasks_.Close();
  for (std::thread& thread : threads_)
    thread.join();
}

}  // namespace ruyi
