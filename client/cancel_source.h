// Cancels the calls that run under it. Before it: Interrupt, or any thread that wants a call to end. After it:
// VideoClient, whose calls then end with CANCELLED. Contexts stay the callers'. Thread-safe.
#pragma once

#include <grpcpp/client_context.h>

#include <set>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace ruyi::client {

class CancelSource {
 public:
  // Puts `context` under `source` (null: under none) while it lives. Both must outlive it.
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

  // Cancels the calls that run, and every one that starts later. Does not block.
  void Cancel();

 private:
  absl::Mutex mutex_;
  bool cancelled_ ABSL_GUARDED_BY(mutex_) = false;
  std::set<grpc::ClientContext*> calls_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace ruyi::client
