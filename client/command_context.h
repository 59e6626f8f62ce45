// Holds what every command of the program runs with, and says on stderr why a command failed. Before it: main. After
// it: the commands. Owns nothing. Not thread-safe.
#pragma once

#include <grpcpp/support/status.h>

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "client/exit_code.h"
#include "client/flag_names.h"
#include "client/interrupt.h"
#include "client/video_client.h"
#include "client/waiter.h"

namespace ruyi::client {

struct CommandContext {
  std::string server;         // HOST:PORT
  bool server_given = false;  // by flag or variable
  ChannelOptions channel;     // to the server
  Interrupt* interrupt = nullptr;
  Waiter* waiter = nullptr;
};

// Says on stderr why a call about `subject` ("videos/7"; may be empty) failed, unless it was interrupted. Returns the
// exit code.
ExitCode FailCall(const CommandContext& context, const grpc::Status& status, std::string_view subject = "",
                  const FlagNames& flags = {});

// Says `message` on stderr, and returns `code`.
ExitCode Fail(ExitCode code, std::string_view message);

// Says on stderr why something failed on this machine, such as a file. Returns the exit code.
ExitCode FailLocally(const absl::Status& status);

}  // namespace ruyi::client
