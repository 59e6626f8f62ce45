// `ruyi-client capabilities`: prints the server's limits, defaults and features, as text or JSON on stdout. Before it:
// CommandLine. After it: the exit code. Not thread-safe.
#pragma once

#include <string>

#include "client/command_context.h"
#include "client/exit_code.h"
#include "ruyi/v1/capabilities.pb.h"

namespace ruyi::client {

// Runs the command. Blocks until the server has answered.
ExitCode RunCapabilities(bool json, const CommandContext& context);

// Returns one line for each thing that a flag of `generate` sets. Ends with a line feed.
std::string CapabilitiesText(const v1::Capabilities& capabilities);

}  // namespace ruyi::client
