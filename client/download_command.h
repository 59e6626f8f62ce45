// `ruyi-client download`: saves the film of an existing video, while it is made or afterwards. Before it: CommandLine.
// After it: FetchFilm, the exit code. Writes to stdout and stderr. Not thread-safe.
#pragma once

#include <string>

#include "client/command_context.h"
#include "client/exit_code.h"
#include "client/generate_options.h"

namespace ruyi::client {

struct DownloadOptions {
  std::string name;  // empty: the video that `out` was begun with
  std::string out;   // path of the MP4
  double retry_for_s = kDefaultRetrySeconds;
  bool resume = false;
  bool json = false;
};

// Downloads the film. Blocks until the file is whole and has its name, or until it is known that it cannot be now; the
// partial file can then be resumed.
ExitCode RunDownload(const DownloadOptions& options, const CommandContext& context);

}  // namespace ruyi::client
