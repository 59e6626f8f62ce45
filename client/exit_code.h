// What the program's exit code says: the one list of codes. Before it: how a command ended. After it: the shell.
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
  kHungUp = 129,
  kInterrupted = 130,
  kTerminated = 143,
};

// The list of codes and meanings, as --help ends with it.
std::string ExitCodeHelp();

// The code for a call that ended with `code`.
ExitCode ExitCodeOfStatus(grpc::StatusCode code);

// 128 + `signal`, as a shell counts. One of SIGHUP, SIGINT and SIGTERM.
ExitCode ExitCodeOfSignal(int signal);

}  // namespace ruyi::client
