#include "server/service/stream_registry.h"

namespace ruyi {

void StreamRegistry::Add(const std::shared_ptr<OpenStream>& stream) {
  std::optional<absl::Status> end;
  {
    absl::MutexLock lock(&mutex_);
    std::erase_if(streams_, [](const auto& known) { return known.expired(); });
    streams_.push_back(stream);
    end = end_;
  }
  if (end.has_value())
    stream->End(*end);
}

void StreamRegistry::Tick() {
  for (const std::shared_ptr<OpenStream>& stream : Living())
    stream->Tick();
}

void StreamRegistry::EndAll(const absl::Status& why) {
  {
    absl::MutexLock lock(&mutex_);
    end_ = why;
  }
  for (const std::shared_ptr<OpenStream>& stream : Living())
    stream->End(why);
}

std::vector<std::shared_ptr<OpenStream>> StreamRegistry::Living() {
  absl::MutexLock lock(&mutex_);
  std::vector<std::shared_ptr<OpenStream>> living;
  for (const std::weak_ptr<OpenStream>& known : streams_) {
    if (std::shared_ptr<OpenStream> stream = known.lock(); stream != nullptr)
      living.push_back(std::move(stream));
  }
  return living;
}

}  // namespace ruyi
