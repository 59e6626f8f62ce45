// Looks after standard output, which may be closed or full. Before it: main. After it: the exit code. Not thread-safe.
#pragma once

namespace ruyi::client {

// Gives the standard streams that are closed a file that cannot be written, so that no other file, such as the film,
// takes their numbers and what is printed. Call it before any file is opened.
void ReserveStandardStreams();

// Returns the exit code of a program that has printed all and would end with `exit_code`: when standard output cannot
// be written, it says so on stderr, and returns the code for local files in the place of 0. A pipe whose reader has
// gone, as in `ruyi-client list | head -1`, is no error. Blocks until everything is written.
int FinishOutput(int exit_code);

}  // namespace ruyi::client
