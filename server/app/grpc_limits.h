// Limits what callers may take of the gRPC server beside jobs: pings, streams, memory and threads. Before it: Server.
// After it: gRPC. A value and a function without state.
#pragma once

#include <grpcpp/server_builder.h>

#include <cstdint>

#include "absl/time/time.h"

namespace ruyi {

struct GrpcLimits {
  // The shortest time between two pings of a client, with calls or without: clients that ping every 10 s keep to it
  // even where the network delays pings unevenly. A client that pings faster again and again loses the connection
  // (too_many_pings).
  absl::Duration client_ping = absl::Seconds(9);
  // After so much silence the server pings; a connection that does not answer within the timeout is closed, and its
  // calls are cancelled.
  absl::Duration server_ping = absl::Seconds(30);
  absl::Duration server_ping_timeout = absl::Seconds(20);
  // A new connection may take this long until it says anything.
  absl::Duration handshake = absl::Seconds(20);
  int streams = 1024;         // calls at the same time on one connection; more wait in the client
  int metadata_bytes = 8192;  // of the headers of one call, with 32 more for each; a larger call is refused
  int threads = 32;           // of the services that block a thread: each stream of reflection takes one
  // The size of the buffers of all calls together, beside `messages` messages of the largest size: near it no more is
  // read, and above it calls are cancelled.
  int64_t buffer_bytes = int64_t{256} << 20;
  int messages = 8;
};

// Sets `limits`, and `max_message_bytes` as the size of the largest request. Compressed messages are refused.
void LimitCallers(const GrpcLimits& limits, int max_message_bytes, grpc::ServerBuilder& builder);

}  // namespace ruyi
