#include "server/metrics/call_metrics.h"

#include "server/metrics/buckets.h"
#include "server/service/watched_call.h"

namespace ruyi {

using grpc::experimental::InterceptionHookPoints;
using grpc::experimental::ServerRpcInfo;

// It lives as long as its call.
class CallMetrics::Watch final : public grpc::experimental::Interceptor {
 public:
  Watch(CallMetrics& metrics, const ServerRpcInfo& call)
      : metrics_(metrics),
        method_(NameOfMethod(call.method())),
        begin_(metrics.clock_.Elapsed()),
        open_(call.type() == ServerRpcInfo::Type::UNARY ? nullptr : &metrics.open_streams_.Add({{"method", method_}})) {
    if (open_ != nullptr)
      open_->Increment();
  }

  ~Watch() override {
    if (open_ != nullptr)
      open_->Decrement();
  }

  void Intercept(grpc::experimental::InterceptorBatchMethods* methods) override {
    if (methods->QueryInterceptionHookPoint(InterceptionHookPoints::PRE_SEND_STATUS))
      OnEnd(methods->GetSendStatus());
    methods->Proceed();
  }

 private:
  void OnEnd(const grpc::Status& status) {
    metrics_.calls_.Add({{"method", method_}, {"code", NameOfCode(status.error_code())}, {"reason", ReasonOf(status)}})
        .Increment();
    if (open_ == nullptr)
      metrics_.unary_seconds_.Add({{"method", method_}}, WaitSeconds())
          .Observe(absl::ToDoubleSeconds(metrics_.clock_.Elapsed() - begin_));
  }

  CallMetrics& metrics_;
  const std::string method_;
  const absl::Duration begin_;
  prometheus::Gauge* const open_;  // of streams
};

CallMetrics::CallMetrics(prometheus::Registry& registry, const Clock& clock)
    : clock_(clock),
      calls_(prometheus::BuildCounter()
                 .Name("ruyi_rpcs_total")
                 .Help("Calls that ended, by method, gRPC status code and reason; refused ones too.")
                 .Register(registry)),
      unary_seconds_(prometheus::BuildHistogram()
                         .Name("ruyi_rpc_seconds")
                         .Help("From a unary call's first bytes to its answer.")
                         .Register(registry)),
      open_streams_(prometheus::BuildGauge()
                        .Name("ruyi_rpc_streams_open")
                        .Help("Streams that are under way.")
                        .Register(registry)) {}

grpc::experimental::Interceptor* CallMetrics::Factory::CreateServerInterceptor(ServerRpcInfo* call) {
  return new Watch(metrics_, *call);
}

}  // namespace ruyi
