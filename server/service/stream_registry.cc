#include "server/service/stream_registry.h"

#include <algorithm>

#include "server/service/too_many_requests.h"

namespace ruyi {

void StreamRegistry::Add(const std::shared_ptr<OpenStream>& stream) {
  std::optional<absl::Status> end;
  std::optional<absl::Status> dry_end;
  {
    absl::MutexLock lock(&mutex_);
    std::erase_if(streams_, [](const auto& known) { return known.expired(); });
    end = end_;
    if (!end.has_value() && streams_.size() >= kMaxStreams)
      end = TooManyRequests();
    streams_.push_back(stream);
    dry_end = dry_end_;
  }
  if (end.has_value())
    stream->End(*end);
  else if (dry_end.has_value())
    stream->EndWhenDry(*dry_end);
}

void StreamRegistry::Tick() {
  for (const std::shared_ptr<OpenStream>& stream : Living())
    stream->Tick();
  tick_.Wake();
}

void StreamRegistry::EndAllWhenDry(const absl::Status& why) {
  {
    absl::MutexLock lock(&mutex_);
    dry_end_ = why;
  }
  for (const std::shared_ptr<OpenStream>& stream : Living())
    stream->EndWhenDry(why);
}

void StreamRegistry::AwaitQuiet(absl::Duration quiet, absl::Duration timeout, const Clock& clock) {
  if (Living().empty())
    return;
  const absl::Duration give_up = clock.Elapsed() + timeout;
  absl::Duration last_open = clock.Elapsed();
  while (clock.Elapsed() < give_up && clock.Elapsed() - last_open < quiet) {
    tick_.Wait(std::min(quiet, give_up - clock.Elapsed()));
    if (!Living().empty())
      last_open = clock.Elapsed();
  }
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
