#include "client/cancel_source.h"

namespace ruyi::client {

CancelSource::Scope::Scope(CancelSource* source, grpc::ClientContext* context) : source_(source), context_(context) {
  if (source_ == nullptr)
    return;
  absl::MutexLock lock(&source_->mutex_);
  source_->calls_.insert(context_);
  if (source_->cancelled_)
    context_->TryCancel();
}

CancelSource::Scope::~Scope() {
  if (source_ == nullptr)
    return;
  absl::MutexLock lock(&source_->mutex_);
  source_->calls_.erase(context_);
}

void CancelSource::Cancel() {
  absl::MutexLock lock(&mutex_);
  cancelled_ = true;
  for (grpc::ClientContext* call : calls_) {
    call->TryCancel();
  }
}

}  // namespace ruyi::client
