#include "core/worker/background_encoder.h"

#include <utility>

#include "core/base/exception_guard.h"
#include "core/base/status_macros.h"

namespace ruyi {
namespace {

// The interval at which a thread that waits looks at its token, whose end wakes nobody.
constexpr absl::Duration kPollInterval = absl::Milliseconds(20);

}  // namespace

BackgroundEncoder::BackgroundEncoder(std::unique_ptr<VideoEncoder> encoder, CancellationToken token)
    : encoder_(std::move(encoder)), token_(std::move(token)), thread_([this] { Run(); }) {}

BackgroundEncoder::~BackgroundEncoder() {
  is_unwanted_ = true;
  frames_.Close();
  thread_.join();
}

void BackgroundEncoder::Run() {
  absl::Status end = GuardExceptions("encoding the video", [&] { return EncodeAll(); });
  frames_.Close();
  {
    absl::MutexLock lock(&mutex_);
    end_ = std::move(end);
  }
  moved_.Wake();
}

absl::Status BackgroundEncoder::EncodeAll() {
  while (const std::optional<RgbImage> frame = frames_.Pop()) {
    if (is_unwanted_)
      return absl::OkStatus();
    moved_.Wake();
    RUYI_RETURN_IF_ERROR(token_.Check());
    RUYI_RETURN_IF_ERROR(encoder_->AddFrame(*frame));
  }
  return absl::OkStatus();
}

std::optional<absl::Status> BackgroundEncoder::end() const {
  absl::MutexLock lock(&mutex_);
  return end_;
}

absl::Status BackgroundEncoder::AddFrame(const RgbImage& frame) {
  RgbImage copy = frame;
  while (!frames_.TryPush(std::move(copy))) {
    if (const std::optional<absl::Status> ended = end(); ended.has_value())
      return ended->ok() ? absl::FailedPreconditionError("the video is finished; make another encoder") : *ended;
    RUYI_RETURN_IF_ERROR(token_.Check());
    moved_.Wait(kPollInterval);
  }
  return absl::OkStatus();
}

absl::Status BackgroundEncoder::Finish() {
  frames_.Close();
  std::optional<absl::Status> ended;
  while (!(ended = end()).has_value()) {
    RUYI_RETURN_IF_ERROR(token_.Check());
    moved_.Wait(kPollInterval);
  }
  RUYI_RETURN_IF_ERROR(*ended);
  return encoder_->Finish();
}

}  // namespace ruyi
