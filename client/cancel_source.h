// Cancels the calls and waits that run under it. Before it: Interrupt, or any thread that wants a call to end. After
// it: VideoClient, whose calls then end with CANCELLED, and Waiter. The callers own the contexts. Thread-safe.
#pragma once

#include <grpcpp/client_context.h>

#include <set>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace ruyi::client {

class CancelSource {
 public:
  // Puts `context` under `source` (null: under none) while the scope lives. Both must outlive the scope.
  class Scope {
   public:
    Scope(CancelSource* source, grpc::ClientContext* context);
    ~Scope();
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    CancelSource* source_;
    grpc::ClientContext* context_;
  };

  CancelSource() = default;
  // Makes a source that is cancelled when `parent` is, and may be cancelled before it. `parent` must outlive this
  // source.
  explicit CancelSource(CancelSource* parent);
  ~CancelSource();
  CancelSource(const CancelSource&) = delete;
  CancelSource& operator=(const CancelSource&) = delete;

  // Cancels the calls that run, and every one that starts later. Does not block.
  void Cancel();

  bool cancelled();

  // Blocks for `duration`, or until the source is cancelled. Returns true when it is cancelled.
  bool WaitFor(absl::Duration duration);

 private:
  CancelSource* parent_ = nullptr;
  absl::Mutex mutex_;  // taken after the parent's
  bool cancelled_ ABSL_GUARDED_BY(mutex_) = false;
  std::set<grpc::ClientContext*> calls_ ABSL_GUARDED_BY(mutex_);
  std::set<CancelSource*> children_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace ruyi::client
