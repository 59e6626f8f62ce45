// Defines the program's exit codes; this is the one list of them. Before it: how a command ended. After it: the shell.
// Constants and pure functions; thread-safe.
#pragma once

#include <grpcpp/support/status.h>

#include <string>

namespace ruyi::client {

enum class ExitCode {
  kDone = 0,
  kFailed = 1,
  kUsage = 2,
  kRefused = 3,
  kTryLater = 4,
  kLocalFile = 5,
  kDamaged = 6,
  kDeadline = 7,
  kNotFound = 8,
  kGaveUp = 9,
  kHungUp = 129,
  kInterrupted = 130,
  kTerminated = 143,
};

// Returns the list of codes and meanings with which --help ends.
std::string ExitCodeHelp();

// Returns the exit code for a video that ended with `code`, or for a call that a server has answered so.
ExitCode ExitCodeOfStatus(grpc::StatusCode code);

// Returns the exit code for a call that ended with `status`: a ConnectionFault that lasts is not for later.
ExitCode ExitCodeOfCall(const grpc::Status& status);

// Returns 128 + `signal`, as a shell counts. `signal` is one of SIGHUP, SIGINT and SIGTERM.
ExitCode ExitCodeOfSignal(int signal);

}  // namespace ruyi::client
