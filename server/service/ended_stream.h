// A stream of answers that ends at once, for calls whose request is refused before a stream of their own is made.
// Before it: bounded_messages.cc and the health service. After it: gRPC, which it belongs to until its end.
#pragma once

#include <grpcpp/support/server_callback.h>

#include "absl/status/status.h"
#include "server/convert/status_to_grpc.h"

namespace ruyi {

template <typename Response>
class EndedStream final : public grpc::ServerWriteReactor<Response> {
 public:
  explicit EndedStream(const absl::Status& why) { this->Finish(ToGrpc(why)); }
  void OnDone() override { delete this; }
};

}  // namespace ruyi
