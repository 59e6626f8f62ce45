#include "server/service/upload_call.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/base/error_info.h"
#include "core/base/error_reasons.h"
#include "core/intake/job_request.h"
#include "server/convert/status_to_grpc.h"
#include "server/convert/time_to_proto.h"
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

UploadCall::UploadCall(JobIntake& intake, TaskPool& pool, std::atomic<int>& open_uploads, ruyi::v1::Image* answer)
    : intake_(intake), pool_(pool), open_uploads_(open_uploads), answer_(answer) {
  if (++open_uploads_ > kMaxUploads)
    End(TooManyRequests());
  else
    StartRead(&message_);
}

void UploadCall::OnReadDone(bool ok) {
  const int64_t max_bytes = intake_.limits().image.max_bytes;
  if (ok) {
    if (static_cast<int64_t>(bytes_.size() + message_.data().size()) > max_bytes)
      return End(TooLarge(max_bytes));
    bytes_ += message_.data();
    return StartRead(&message_);
  }
  if (!pool_.TryRun([this] { Keep(); }))
    End(TooManyRequests());
}

void UploadCall::Keep() {
  const absl::StatusOr<KeptImage> kept = intake_.KeepImage(bytes_);
  if (kept.ok())
    *answer_ = ImageOf(*kept);
  End(kept.status());
}

void UploadCall::End(const absl::Status& status) {
  Finish(ToGrpc(status));
}

void UploadCall::OnDone() {
  --open_uploads_;
  delete this;
}

}  // namespace ruyi
