// Runs the program of a server, from its command line to its end by a signal, a model that cannot be loaded or a device
// that broke. Before it: main. After it: server/app/server. A function without state.
#pragma once

#include <functional>

#include "server/app/components.h"
#include "server/app/server_options.h"

namespace ruyi {

// Runs the server and returns the exit code of the process. `make_components` says what the server is made of; it is
// called once, when signals are claimed already, so that it may start threads. Blocks until the server has ended, and
// ends the process itself where it cannot end otherwise. Call it on the main thread, before there is any other.
int ServeAsProgram(int argc, char** argv, const std::function<Components(const ServerOptions&)>& make_components);

}  // namespace ruyi
