#include "server/service/upload_call.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/base/error_info.h"
#include "core/base/error_reasons.h"
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
    : parts_(parts), context_(context), cancellation_(CancellationOf(context, *parts.clock)), answer_(answer) {
  if (++*parts_.open_uploads > kMaxUploads)
    End(TooManyRequests());
  else
    StartRead(&message_);
}

void UploadCall::OnReadDone(bool ok) {
  const int64_t max_bytes = parts_.intake->limits().image.max_bytes;
  if (ok) {
    if (static_cast<int64_t>(bytes_.size() + message_.data().size()) > max_bytes)
      return End(TooLarge(max_bytes));
    bytes_ += message_.data();
    return StartRead(&message_);
  }
  if (!parts_.pool->TryRun([this] { Keep(); }))
    End(TooManyRequests());
}

void UploadCall::OnCancel() {
  cancellation_.Cancel(CancelledByCaller());
}

// An upload that is broken off ends its reading as a whole one does, and OnCancel may still be on its way.
void UploadCall::Keep() {
  if (context_.IsCancelled())
    OnCancel();
  const absl::StatusOr<KeptImage> kept = parts_.intake->KeepImage(bytes_, cancellation_.token());
  if (kept.ok())
    *answer_ = ImageOf(*kept);
  End(kept.status());
}

void UploadCall::End(const absl::Status& status) {
  if (!status.ok())
    parts_.intake->CountRefusal(status);
  Finish(ToGrpc(status));
}

void UploadCall::OnDone() {
  --*parts_.open_uploads;
  delete this;
}

}  // namespace ruyi
