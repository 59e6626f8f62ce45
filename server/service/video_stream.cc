#include "server/service/video_stream.h"

#include <optional>
#include <utility>
#include <variant>

#include "absl/memory/memory.h"
#include "core/base/error_info.h"
#include "core/base/error_reasons.h"
#include "server/convert/event_to_proto.h"
#include "server/convert/status_to_grpc.h"
#include "server/convert/time_to_proto.h"

namespace ruyi {
namespace {

// 4 MiB for one stream; the worker waits for a reader that is further behind.
constexpr size_t kOutboxChunks = 16;

absl::Status CancelledByCaller() {
  return ErrorWithReason(absl::StatusCode::kCancelled, "the caller cancelled the call or went away",
                         reason::kCancelledByCaller);
}

// What the call ends with after `event`; nullopt when events follow.
std::optional<absl::Status> FinalStatus(const JobEvent& event) {
  if (std::holds_alternative<JobCompleted>(event))
    return absl::OkStatus();
  if (const auto* failed = std::get_if<JobFailed>(&event))
    return failed->status;
  return std::nullopt;
}

}  // namespace

std::shared_ptr<VideoStream> VideoStream::Create(const JobIntake& intake, const Clock& clock) {
  auto stream = absl::WrapUnique(new VideoStream(intake, clock));
  std::shared_ptr<VideoStream> shared = std::move(stream);
  absl::MutexLock lock(&shared->mutex_);
  shared->self_ = shared;
  return shared;
}

VideoStream::VideoStream(const JobIntake& intake, const Clock& clock)
    : intake_(intake), clock_(clock), outbox_(kOutboxChunks), last_write_(clock.Now()) {}

void VideoStream::Start(const GenerationRequest& request, absl::Time deadline) {
  absl::StatusOr<std::shared_ptr<Job>> job = intake_.Accept(request, deadline, shared_from_this());
  if (!job.ok())
    return Refuse(job.status());
  {
    absl::MutexLock lock(&mutex_);
    if (final_status_.has_value())
      return;
    job_ = *job;
  }
  intake_.Queue(*job);
}

void VideoStream::Refuse(const absl::Status& why) {
  absl::MutexLock lock(&mutex_);
  EndWith(why);
}

void VideoStream::Tick() {
  absl::MutexLock lock(&mutex_);
  if (job_ == nullptr)
    return;
  if (absl::Status end = job_->cancellation.token().Check(); !end.ok())
    outbox_.RefuseChunks(std::move(end));
  const bool is_accepted = last_seq_ > 0;  // and the reader knows
  const bool is_silent = clock_.Now() - last_write_ >= kHeartbeatInterval;
  if (!is_accepted || !is_silent || writing_ || final_status_.has_value())
    return;
  ruyi::v1::VideoEvent event;
  event.mutable_heartbeat();
  Write(std::move(event));
}

absl::Status VideoStream::OnEvent(JobEvent event) {
  if (absl::Status status = outbox_.Push(std::move(event)); !status.ok())
    return status;
  WriteNext();
  return absl::OkStatus();
}

void VideoStream::WriteNext() {
  absl::MutexLock lock(&mutex_);
  if (writing_ || final_status_.has_value())
    return;
  std::optional<JobEvent> event = outbox_.Pop();
  if (!event.has_value())
    return;
  std::optional<absl::Status> last = FinalStatus(*event);
  Write(ToProto(*job_, *std::move(event)));
  if (last.has_value())
    EndWith(*std::move(last));
}

void VideoStream::Write(ruyi::v1::VideoEvent event) {
  writing_ = true;
  last_write_ = clock_.Now();
  message_ = std::move(event);
  message_.set_seq(++last_seq_);
  *message_.mutable_time() = ToProto(last_write_);
  StartWrite(&message_);
}

// The first status stays.
void VideoStream::EndWith(absl::Status status) {
  if (!final_status_.has_value())
    final_status_ = std::move(status);
  FinishWhenWritten();
}

void VideoStream::FinishWhenWritten() {
  if (writing_ || finished_ || !final_status_.has_value())
    return;
  finished_ = true;
  Finish(ToGrpc(*final_status_));
}

void VideoStream::OnWriteDone(bool ok) {
  {
    absl::MutexLock lock(&mutex_);
    writing_ = false;
    FinishWhenWritten();
  }
  if (ok)
    WriteNext();
  else
    OnCancel();
}

void VideoStream::OnCancel() {
  std::shared_ptr<Job> job;
  {
    absl::MutexLock lock(&mutex_);
    job = job_;
    EndWith(CancelledByCaller());
  }
  outbox_.Close();
  if (job != nullptr)
    intake_.Cancel(*job, CancelledByCaller());
}

void VideoStream::OnDone() {
  outbox_.Close();
  std::shared_ptr<Job> job;
  std::shared_ptr<VideoStream> self;  // let go last, after the lock
  absl::MutexLock lock(&mutex_);
  job = std::move(job_);
  self = std::move(self_);
}

}  // namespace ruyi
