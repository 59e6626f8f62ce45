// `ruyi-client capabilities`: what the server takes, as text or JSON on stdout. Before it: CommandLine. After it: the
// exit code. Not thread-safe.
#pragma once

#include <string>

#include "client/exit_code.h"
#include "client/interrupt.h"
#include "ruyi/v1/capabilities.pb.h"

namespace ruyi::client {

// Blocks until the server has answered. `server` is HOST:PORT.
ExitCode RunCapabilities(bool json, const std::string& server, Interrupt& interrupt);

// One line for each thing that a flag of `generate` sets. Ends with a line feed.
std::string CapabilitiesText(const v1::Capabilities& capabilities);

}  // namespace ruyi::client
