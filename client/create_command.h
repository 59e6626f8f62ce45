// `ruyi-client create`: makes the job of a video and leaves it to the server. Before it: CommandLine. After it:
// CreateJob, the exit code. Writes to stdout and stderr. Not thread-safe.
#pragma once

#include "client/command_context.h"
#include "client/exit_code.h"
#include "client/generate_options.h"

namespace ruyi::client {

struct CreateOptions {
  RequestOptions request;
  JobOptions job;
  double retry_for_s = kDefaultRetrySeconds;
  bool validate_only = false;
};

// Prints the video's name, or its settings and plan when it is only validated. Blocks until the server has answered.
ExitCode RunCreate(const CreateOptions& options, const CommandContext& context);

}  // namespace ruyi::client
