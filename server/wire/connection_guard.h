// Bounds what connections may cost where gRPC 1.51 has no bound: how many there are, and what frame_warden.h looks at.
// It stands in the way of two functions by their names, accept4 of the C library and the one with which gRPC reads what
// a connection has received (docs/adr/0020-in-the-way-of-grpc.md). Before it: main. After it: gRPC. Of the whole
// process; thread-safe.
#pragma once

#include <functional>
#include <string_view>

#include "server/wire/frame_warden.h"

namespace ruyi {

struct ConnectionLimits {
  int connections = 4096;  // about, for all listeners together, and less where the process may open fewer files
  int other_files = 256;   // open files that connections leave for everything else
  FrameLimits frames;
};

// Is told of connections that were closed because they went over a limit, and why. May be called on any thread.
using RefusedConnection = std::function<void(std::string_view why)>;

// Raises the process's limit of open files as far as it may, and guards all connections of gRPC servers that come from
// now on. Connections over the limit are closed as they come, for gRPC 1.51 never listens again once it could not
// accept one for want of a file. Returns false where the gRPC that is loaded is another than the one that this is made
// for: then only the number of connections has a bound.
bool GuardConnections(const ConnectionLimits& limits, RefusedConnection on_refused);

}  // namespace ruyi
