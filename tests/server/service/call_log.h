// Records what a server sends, between its streams and gRPC: a status ends a call, and nothing follows it. Thread-safe.
#pragma once

#include <grpcpp/support/server_interceptor.h>

#include "tests/server/counter.h"

namespace ruyi {

// Counts over all calls of a server.
struct CallLog {
  Counter closes;          // calls that ended for the server, finished or cancelled
  Counter statuses;        // calls that were finished
  Counter later_statuses;  // statuses after the first of a call
  Counter later_messages;  // messages after the status of their call
};

// Gives each call of a server an interceptor. `log` must outlive the server.
class CallLogFactory final : public grpc::experimental::ServerInterceptorFactoryInterface {
 public:
  explicit CallLogFactory(CallLog* log) : log_(log) {}

  grpc::experimental::Interceptor* CreateServerInterceptor(grpc::experimental::ServerRpcInfo*) override {
    return new Interceptor(log_);
  }

 private:
  class Interceptor final : public grpc::experimental::Interceptor {
   public:
    explicit Interceptor(CallLog* log) : log_(log) {}

    void Intercept(grpc::experimental::InterceptorBatchMethods* methods) override {
      using grpc::experimental::InterceptionHookPoints;
      if (methods->QueryInterceptionHookPoint(InterceptionHookPoints::PRE_SEND_MESSAGE) && finished_.value() > 0)
        log_->later_messages.Increment();
      if (methods->QueryInterceptionHookPoint(InterceptionHookPoints::PRE_SEND_STATUS)) {
        (finished_.value() > 0 ? log_->later_statuses : log_->statuses).Increment();
        finished_.Increment();
      }
      if (methods->QueryInterceptionHookPoint(InterceptionHookPoints::POST_RECV_CLOSE))
        log_->closes.Increment();
      methods->Proceed();
    }

   private:
    CallLog* log_;
    Counter finished_;
  };

  CallLog* log_;
};

}  // namespace ruyi
