// Says which of gRPC's own services a listener has, and lets nobody call them whom the Doorkeeper does not let in. gRPC
// adds them to every server of the process once they are linked or asked for; each listener takes out what it does not
// have. Before it: the listeners of Server. After it: gRPC. Functions without state.
#pragma once

#include <grpcpp/server_builder.h>
#include <grpcpp/support/server_interceptor.h>

#include <memory>
#include <vector>

#include "server/service/doorkeeper.h"

namespace ruyi {

struct GrpcPlugins {
  bool reflection = false;
  bool channelz = false;
};

// Returns a builder of a server with the services that `plugins` asks for, and no others, on ports that it shares with
// nobody.
std::unique_ptr<grpc::ServerBuilder> NewServerBuilder(const GrpcPlugins& plugins);

// What sees the calls of a server, one after the other.
using Interceptors = std::vector<std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface>>;

// Lets callers of reflection and Channelz in only where `doorkeeper` does, Channelz only administrators. gRPC can end
// such a call with no other status than CANCELLED. `watches` see all calls before that: a builder has one list of
// interceptors. `doorkeeper` must outlive the server.
void GuardPlugins(Doorkeeper& doorkeeper, Interceptors watches, grpc::ServerBuilder& builder);

}  // namespace ruyi
