// One call with one answer, which is made on the task pool. Before it: video_service.h. After it: the wire. Owned by
// itself until gRPC is done with it. Thread-safe.
#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include <functional>
#include <utility>

#include "absl/status/statusor.h"
#include "core/base/cancellation.h"
#include "server/convert/status_to_grpc.h"
#include "server/service/call_token.h"

namespace ruyi {

template <typename Response>
class UnaryCall final : public grpc::ServerUnaryReactor {
 public:
  // `response` lives as long as the call.
  UnaryCall(CancellationSource cancellation, Response* response)
      : cancellation_(std::move(cancellation)), response_(response) {}

  CancellationToken token() const { return cancellation_.token(); }

  // Answers with `result` and ends the call. May be called once.
  void Answer(absl::StatusOr<Response> result) {
    const absl::Status status = result.status();
    if (result.ok())
      *response_ = *std::move(result);
    Finish(ToGrpc(status));
  }

  void OnCancel() override { cancellation_.Cancel(CancelledByCaller()); }
  void OnDone() override { delete this; }

 private:
  CancellationSource cancellation_;
  Response* response_;
};

}  // namespace ruyi
