// `ruyi-client admin`: shows and changes a server through ruyi.v1.AdminService. Before it: CommandLine. After it: the
// exit code. Writes to stdout and stderr. Not thread-safe.
#pragma once

#include "client/admin_options.h"
#include "client/command_context.h"
#include "client/exit_code.h"

namespace ruyi::client {

// Blocks until the answer has come.
ExitCode RunAdmin(const AdminOptions& options, const CommandContext& context);

}  // namespace ruyi::client
