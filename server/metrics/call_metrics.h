// Counts for Prometheus every call of a gRPC server, those too that are refused before they reach a service: how they
// ended, how long unary ones took, and how many streams are open. Before it: grpc::ServerBuilder, which takes it as an
// interceptor. After it: the registry that /metrics shows. Thread-safe.
#pragma once

#include <grpcpp/support/server_interceptor.h>
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <string>

#include "absl/time/time.h"
#include "core/base/clock.h"

namespace ruyi {

class CallMetrics final {
 public:
  // Adds the families of its metrics to `registry`, which like `clock` must outlive this object.
  CallMetrics(prometheus::Registry& registry, const Clock& clock);

  // Watches the calls of one server. The metrics must outlive that server.
  class Factory final : public grpc::experimental::ServerInterceptorFactoryInterface {
   public:
    explicit Factory(CallMetrics& metrics) : metrics_(metrics) {}

    grpc::experimental::Interceptor* CreateServerInterceptor(grpc::experimental::ServerRpcInfo* call) override;

   private:
    CallMetrics& metrics_;
  };

 private:
  class Watch;

  const Clock& clock_;
  prometheus::Family<prometheus::Counter>& calls_;
  prometheus::Family<prometheus::Histogram>& unary_seconds_;
  prometheus::Family<prometheus::Gauge>& open_streams_;
};

}  // namespace ruyi
