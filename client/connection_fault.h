// Says in plain words why no connection with a server comes about. Before it: the status of a call, in which gRPC says
// so in its own words. After it: the retrier, what the user reads, and the exit code. Pure; thread-safe.
#pragma once

#include <grpcpp/support/status.h>

#include <string>
#include <string_view>

namespace ruyi::client {

struct ConnectionFault {
  std::string_view what;    // is the case, such as "the server speaks no TLS on this port"
  std::string_view remedy;  // of the user
  bool lasts = false;       // trying again is of no use
};

// Returns the fault that gRPC tells of; null where a server has answered, or the cause is another one: nobody listens
// at the address, or the connection broke later. A server that wants TLS or a certificate of the client just closes the
// connection, as a server that ends does: what lies behind a fault that does not last is not certain.
const ConnectionFault* FindConnectionFault(const grpc::Status& status);

// Returns true for a status whose fault lasts.
bool IsLastingFault(const grpc::Status& status);

// Returns gRPC's own words for the cause, without those that it puts before each: "Connection refused".
std::string CauseText(const grpc::Status& status);

}  // namespace ruyi::client
