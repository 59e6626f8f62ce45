// Turns an absl::Status with its reason, violations and retry delay into a grpc::Status with google.rpc details. Before
// it: every room that may refuse. After it: the wire. Functions without state; thread-safe.
#pragma once

#include <google/rpc/status.pb.h>
#include <grpcpp/support/status.h>

#include "absl/status/status.h"

namespace ruyi {

// Returns `status` with ErrorInfo (domain "ruyi"; reason INTERNAL when `status` names none), BadRequest when it has
// field violations, PreconditionFailure when it has unmet preconditions (their type is the reason), RetryInfo when it
// has a retry delay. Texts too long for the trailers of a call end in "..."; no field violation is left out, and of the
// preconditions the last ones stay. `status` must not be OK.
google::rpc::Status ToProto(const absl::Status& status);

// Returns the same as the status that an RPC ends with; OK becomes OK.
grpc::Status ToGrpc(const absl::Status& status);

}  // namespace ruyi
