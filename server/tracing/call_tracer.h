// Makes a span of each call of a gRPC server, and lets what the call does lie below it: the traceparent that the
// service reads names that span. Before it: grpc::ServerBuilder, which takes it as an interceptor. After it:
// span_exporter.h. Thread-safe.
#pragma once

#include <grpcpp/support/server_interceptor.h>

#include "core/base/clock.h"
#include "server/tracing/span_exporter.h"

namespace ruyi {

// A call whose caller has a trace goes on with it, sampled or not, as that says; another call of ours begins one. Those
// of other services (health, reflection) begin none. `exporter` and `clock` must outlive the server.
class CallTracer final : public grpc::experimental::ServerInterceptorFactoryInterface {
 public:
  CallTracer(SpanExporter& exporter, const Clock& clock) : exporter_(exporter), clock_(clock) {}

  grpc::experimental::Interceptor* CreateServerInterceptor(grpc::experimental::ServerRpcInfo* call) override;

 private:
  class Watch;

  SpanExporter& exporter_;
  const Clock& clock_;
};

}  // namespace ruyi
