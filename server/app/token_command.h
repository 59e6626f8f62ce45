// Runs `ruyi-server token`: makes, lists and revokes the tokens of a file. Before it: main. After it: the file, which a
// running server reads again by itself. A function without state.
#pragma once

namespace ruyi {

// Runs the command whose name is argv[0], and returns the exit code of the process: 0, 1 when the file cannot be read
// or written or has no such token, 2 for a wrong command line. A new token goes to standard output, and nowhere else.
int RunTokenCommand(int argc, const char* const* argv);

}  // namespace ruyi
