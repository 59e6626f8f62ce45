#include "server/app/ticker.h"

#include <utility>

namespace ruyi {

Ticker::Ticker(absl::Duration interval, std::function<void()> tick)
    : thread_([this, interval, tick = std::move(tick)] {
        while (!AwaitStop(interval))
          tick();
      }) {}

Ticker::~Ticker() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  stopped_.notify_all();
  thread_.join();
}

bool Ticker::AwaitStop(absl::Duration interval) {
  std::unique_lock lock(mutex_);
  return stopped_.wait_for(lock, absl::ToChronoNanoseconds(interval), [this] { return stopping_; });
}

}  // namespace ruyi
