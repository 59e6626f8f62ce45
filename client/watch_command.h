// `ruyi-client watch`: shows the events of a video. Before it: CommandLine. After it: JobFollower, the exit code.
// Writes to stdout and stderr. Not thread-safe.
#pragma once

#include <cstdint>
#include <string>

#include "client/command_context.h"
#include "client/exit_code.h"
#include "client/generate_options.h"

namespace ruyi::client {

struct WatchOptions {
  std::string name;
  int64_t after_seq = 0;
  double retry_for_s = kDefaultRetrySeconds;
  bool json = false;
};

// Shows the events. Blocks until the video has ended, and returns how it ended, or until the connection is given up.
ExitCode RunWatch(const WatchOptions& options, const CommandContext& context);

}  // namespace ruyi::client
