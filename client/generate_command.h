// `ruyi-client generate`: makes a video, or goes on with one, and saves the film. Before it: CommandLine. After it:
// CreateJob, FetchFilm, the exit code. Writes to stdout and stderr. Not thread-safe.
#pragma once

#include "client/command_context.h"
#include "client/exit_code.h"
#include "client/generate_options.h"

namespace ruyi::client {

// Makes the video. Blocks until the file is whole and has its name, or until it is known that it cannot be now; the
// partial file can then be resumed.
ExitCode RunGenerate(const GenerateOptions& options, const CommandContext& context);

}  // namespace ruyi::client
