// Says of a call what those that watch all calls of a server need: a method's name that is one of few, and why a call
// ended. Before it: gRPC's interceptors, which see every call, refused ones too. After it: server/metrics and
// server/tracing. Functions without state; thread-safe.
#pragma once

#include <grpcpp/support/status.h>

#include <string>
#include <string_view>

namespace ruyi {

// Returns "ruyi.v1.VideoService/GetVideo" for "/ruyi.v1.VideoService/GetVideo", and "other" for what no proto of this
// program has: callers may name any method.
std::string NameOfMethod(std::string_view path);

// Returns "INVALID_ARGUMENT" for that code, and so on.
std::string NameOfCode(grpc::StatusCode code);

// Returns the reason in the ErrorInfo of a status; empty for OK, and for what gRPC itself refused.
std::string ReasonOf(const grpc::Status& status);

}  // namespace ruyi
