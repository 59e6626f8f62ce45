// Ends gRPC servers. Before it: the listeners of Server. After it: gRPC. A function without state.
#pragma once

#include <grpc/support/time.h>
#include <grpcpp/server.h>

#include "absl/time/time.h"

namespace ruyi {

// Takes no more calls, and cancels those that have not ended after `timeout`. Blocks for that time at most.
inline void ShutDown(grpc::Server& server, absl::Duration timeout) {
  const gpr_timespec time = gpr_time_from_millis(absl::ToInt64Milliseconds(timeout), GPR_TIMESPAN);
  server.Shutdown(gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), time));
}

}  // namespace ruyi
