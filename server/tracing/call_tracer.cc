#include "server/tracing/call_tracer.h"

#include <map>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "server/service/watched_call.h"
#include "server/tracing/trace_context.h"

namespace ruyi {
namespace {

using grpc::experimental::InterceptionHookPoints;
using Headers = std::multimap<grpc::string_ref, grpc::string_ref>;

constexpr char kTraceKey[] = "traceparent";
constexpr char kCallIdKey[] = "x-request-id";

// Returns what the caller says of its trace; like the service, it takes one header and no two.
std::optional<TraceContext> TraceOf(const Headers& headers) {
  const auto [begin, end] = headers.equal_range(kTraceKey);
  if (begin == end || std::next(begin) != end)
    return std::nullopt;
  return ParseTraceparent({begin->second.data(), begin->second.size()});
}

// Returns true for the codes that OpenTelemetry takes for faults of a server.
bool IsFault(grpc::StatusCode code) {
  switch (code) {
    case grpc::StatusCode::UNKNOWN:
    case grpc::StatusCode::DEADLINE_EXCEEDED:
    case grpc::StatusCode::UNIMPLEMENTED:
    case grpc::StatusCode::INTERNAL:
    case grpc::StatusCode::UNAVAILABLE:
    case grpc::StatusCode::DATA_LOSS:
      return true;
    default:
      return false;
  }
}

}  // namespace

// It lives as long as its call.
class CallTracer::Watch final : public grpc::experimental::Interceptor {
 public:
  Watch(CallTracer& tracer, std::string method) : tracer_(tracer), begin_(tracer.clock_.Elapsed()) {
    span_.name = std::move(method);
    span_.kind = SpanKind::kServer;
    span_.begin = tracer.clock_.Now();
  }

  void Intercept(grpc::experimental::InterceptorBatchMethods* methods) override {
    if (methods->QueryInterceptionHookPoint(InterceptionHookPoints::POST_RECV_INITIAL_METADATA))
      OnHeaders(*methods->GetRecvInitialMetadata());
    if (methods->QueryInterceptionHookPoint(InterceptionHookPoints::PRE_SEND_INITIAL_METADATA))
      OnAnswer(*methods->GetSendInitialMetadata());
    if (methods->QueryInterceptionHookPoint(InterceptionHookPoints::PRE_SEND_STATUS))
      OnEnd(methods->GetSendStatus());
    methods->Proceed();
  }

 private:
  void OnHeaders(Headers& headers) {
    const std::optional<TraceContext> parent = TraceOf(headers);
    if (!parent.has_value() && !absl::StartsWith(span_.name, "ruyi."))
      return;
    const TraceContext context = parent.value_or(TraceContext{.trace_id = DrawTraceId(), .span_id = ""});
    if (!context.is_sampled)
      return;
    is_sampled_ = true;
    span_.trace_id = context.trace_id;
    span_.span_id = DrawSpanId();
    span_.parent_id = context.span_id;
    traceparent_ = TraceparentOf({.trace_id = span_.trace_id, .span_id = span_.span_id});
    headers.erase(kTraceKey);
    headers.emplace(kTraceKey, traceparent_);
  }

  void OnAnswer(const std::multimap<std::string, std::string>& headers) {
    if (const auto id = headers.find(kCallIdKey); id != headers.end())
      span_.attributes.emplace_back("ruyi.call_id", id->second);
  }

  void OnEnd(const grpc::Status& status) {
    if (!is_sampled_)
      return;
    span_.end = span_.begin + (tracer_.clock_.Elapsed() - begin_);
    const size_t slash = span_.name.find('/');
    const std::string reason = ReasonOf(status);
    span_.attributes.insert(span_.attributes.end(), {{"rpc.system", "grpc"},
                                                     {"rpc.service", span_.name.substr(0, slash)},
                                                     {"rpc.method", span_.name.substr(slash + 1)},
                                                     {"rpc.grpc.status_code", int64_t{status.error_code()}}});
    if (!reason.empty())
      span_.attributes.emplace_back("ruyi.reason", reason);
    span_.is_error = IsFault(status.error_code());
    if (span_.is_error)
      span_.message = status.error_message();
    tracer_.exporter_.Export([span = std::move(span_)] { return std::vector<Span>{span}; });
    is_sampled_ = false;
  }

  CallTracer& tracer_;
  const absl::Duration begin_;
  Span span_;
  bool is_sampled_ = false;
  std::string traceparent_;  // what the service reads; the headers refer to it
};

grpc::experimental::Interceptor* CallTracer::CreateServerInterceptor(grpc::experimental::ServerRpcInfo* call) {
  std::string method = NameOfMethod(call->method());
  return method == "other" ? nullptr : new Watch(*this, std::move(method));
}

}  // namespace ruyi
