#include "server/service/stream_registry.h"

namespace ruyi {

void StreamRegistry::Add(const std::shared_ptr<VideoStream>& stream) {
  absl::MutexLock lock(&mutex_);
  std::erase_if(streams_, [](const auto& known) { return known.expired(); });
  streams_.push_back(stream);
}

void StreamRegistry::Tick() {
  std::vector<std::weak_ptr<VideoStream>> streams;
  {
    absl::MutexLock lock(&mutex_);
    streams = streams_;
  }
  for (const std::weak_ptr<VideoStream>& known : streams) {
    if (const std::shared_ptr<VideoStream> stream = known.lock(); stream != nullptr)
      stream->Tick();
  }
}

}  // namespace ruyi
