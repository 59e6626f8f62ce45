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

CancelSource::CancelSource(CancelSource* parent) : parent_(parent) {
  absl::MutexLock lock(&parent_->mutex_);
  parent_->children_.insert(this);
  if (!parent_->cancelled_)
    return;
  absl::MutexLock own(&mutex_);
  cancelled_ = true;
}

CancelSource::~CancelSource() {
  if (parent_ == nullptr)
    return;
  absl::MutexLock lock(&parent_->mutex_);
  parent_->children_.erase(this);
}

void CancelSource::Cancel() {
  absl::MutexLock lock(&mutex_);
  cancelled_ = true;
  for (grpc::ClientContext* call : calls_)
    call->TryCancel();
  for (CancelSource* child : children_)
    child->Cancel();
}

bool CancelSource::cancelled() {
  absl::MutexLock lock(&mutex_);
  return cancelled_;
}

bool CancelSource::WaitFor(absl::Duration duration) {
  absl::MutexLock lock(&mutex_);
  return mutex_.AwaitWithTimeout(absl::Condition(&cancelled_), duration);
}

}  // namespace ruyi::client
