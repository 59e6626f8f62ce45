#include "server/service/upload_call.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/base/duration_text.h"
#include "core/base/error_info.h"
#include "core/base/error_reasons.h"
#include "core/base/status_macros.h"
#include "core/intake/job_request.h"
#include "server/convert/status_to_grpc.h"
#include "server/convert/time_to_proto.h"
#include "server/service/call_token.h"
#include "server/service/too_many_requests.h"

namespace ruyi {
namespace {

absl::Status TooLarge(int64_t max_bytes) {
  return ErrorWithReason(absl::StatusCode::kInvalidArgument,
                         absl::StrFormat("the picture has more than %d bytes; send a smaller one", max_bytes),
                         reason::kImageTooLarge);
}

absl::Status Stalled() {
  return ErrorWithReason(
      absl::StatusCode::kDeadlineExceeded,
      absl::StrFormat("no bytes of the picture have come for %s, or not all in %s; send it again, faster",
                      DurationText(UploadCall::kMaxSilence), DurationText(UploadCall::kMaxTime)),
      reason::kUploadStalled);
}

ruyi::v1::Image ImageOf(const KeptImage& kept) {
  ruyi::v1::Image image;
  image.set_name(absl::StrCat(kUploadPrefix, kept.sha256));
  image.set_size_bytes(kept.size_bytes);
  image.mutable_size()->set_width(kept.size.width);
  image.mutable_size()->set_height(kept.size.height);
  *image.mutable_expire_time() = ToProto(kept.expire_time);
  return image;
}

}  // namespace

UploadCall::UploadCall(const Parts& parts, grpc::CallbackServerContext& context, ruyi::v1::Image* answer)
    : parts_(parts),
      caller_(parts.caller.value_or(CallContext())),
      context_(context),
      cancellation_(CancellationOf(caller_, *parts.clock)),
      answer_(answer),
      begin_(parts.clock->Elapsed()),
      last_message_(begin_) {}

void UploadCall::Start() {
  {
    absl::MutexLock lock(&mutex_);
    self_ = shared_from_this();
  }
  const bool has_place = ++*parts_.open_uploads <= kMaxUploads;
  if (!parts_.caller.ok())
    End(parts_.caller.status());
  else if (!has_place)
    End(TooManyRequests());
  else
    StartRead(&message_);
}

void UploadCall::OnReadDone(bool ok) {
  if (!ok) {
    if (BeginToKeep() && !parts_.pool->TryRun([self = shared_from_this()] { self->Keep(); }))
      EndFrom(State::kKeeping, TooManyRequests());
    return;
  }
  const absl::Status taken = Take();
  if (taken.ok())
    StartRead(&message_);
  else
    End(taken);
}

absl::Status UploadCall::Take() {
  RUYI_RETURN_IF_ERROR(message_.status);
  const std::string& data = message_.message.data();
  const int64_t max_bytes = parts_.intake->limits().image.max_bytes;
  if (static_cast<int64_t>(bytes_.size() + data.size()) > max_bytes)
    return TooLarge(max_bytes);
  bytes_ += data;
  absl::MutexLock lock(&mutex_);
  last_message_ = parts_.clock->Elapsed();
  return absl::OkStatus();
}

void UploadCall::Tick() {
  const absl::Duration now = parts_.clock->Elapsed();
  {
    absl::MutexLock lock(&mutex_);
    if (now - last_message_ < kMaxSilence && now - begin_ < kMaxTime)
      return;
  }
  End(Stalled());
}

void UploadCall::OnCancel() {
  cancellation_.Cancel(CancelledByCaller());
}

// An upload that is broken off ends its reading as a whole one does, and OnCancel may still be on its way.
void UploadCall::Keep() {
  if (context_.IsCancelled())
    OnCancel();
  const absl::StatusOr<KeptImage> kept = parts_.intake->KeepImage(caller_, bytes_, cancellation_.token());
  if (kept.ok())
    *answer_ = ImageOf(*kept);
  EndFrom(State::kKeeping, kept.status());
}

void UploadCall::End(const absl::Status& why) {
  EndFrom(State::kReading, why);
}

// Moves on from reading; returns false when the call has ended.
bool UploadCall::BeginToKeep() {
  absl::MutexLock lock(&mutex_);
  if (state_ != State::kReading)
    return false;
  state_ = State::kKeeping;
  return true;
}

// Ends the call if it is in `state`. A read that is under way then fails.
void UploadCall::EndFrom(State state, const absl::Status& status) {
  {
    absl::MutexLock lock(&mutex_);
    if (state_ != state)
      return;
    state_ = State::kEnded;
  }
  if (!status.ok() && parts_.caller.ok())
    parts_.intake->CountRefusal(caller_, status);
  Finish(ToGrpc(status));
}

void UploadCall::OnDone() {
  --*parts_.open_uploads;
  std::shared_ptr<UploadCall> self;  // let go last, after the lock
  absl::MutexLock lock(&mutex_);
  self = std::move(self_);
}

}  // namespace ruyi
