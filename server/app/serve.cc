#include "server/app/serve.h"

#include <signal.h>

#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/strings/str_format.h"
#include "server/app/command_line.h"
#include "server/app/library_lines.h"
#include "server/app/log.h"
#include "server/app/port_file.h"
#include "server/app/process_end.h"
#include "server/app/refused_connections.h"
#include "server/app/server.h"
#include "server/app/signal_waiter.h"
#include "server/app/token_command.h"
#include "server/app/version.h"
#include "server/wire/connection_guard.h"

namespace ruyi {
namespace {

// How long a reader of the log that has stopped reading may hold up the end of the process.
constexpr absl::Duration kFlushTimeout = absl::Seconds(2);

int CannotStart(const absl::Status& status) {
  Log(LogLevel::kError, "cannot_start", {{"message", std::string(status.message())}});
  return kExitCannotStart;
}

// Ends the process where it cannot end otherwise: nothing interrupts the loading, and memory of a broken device cannot
// be freed.
[[noreturn]] void LeaveAtOnce(int exit_code) {
  FlushLog(kFlushTimeout);
  std::_Exit(exit_code);
}

// Connections may come as long as the process lives.
void GuardListeners() {
  static auto* const refused = new RefusedConnections(Clock::Real());
  if (!GuardConnections({}, [](std::string_view why) { refused->Add(why); }))
    Log(LogLevel::kWarning, "frames_unguarded",
        {{"message", "gRPC is not of version 1.51: floods of frames have no limit"}});
}

absl::Status TellPorts(const Server& server, const std::string& port_file) {
  const int page = server.page_port();
  Log(LogLevel::kInfo, "listening",
      {{"version", kVersion},
       {"port", server.port()},
       {"metrics_port", server.metrics_port()},
       {"admin_port", server.admin_port()},
       {"admin_page", page == 0 ? "" : absl::StrFormat("http://127.0.0.1:%d/", page)}});
  if (port_file.empty())
    return absl::OkStatus();
  return WritePortFile(port_file, {server.port(), server.metrics_port(), server.admin_port(), page});
}

int Serve(const ServerOptions& options, const std::function<Components(const ServerOptions&)>& make_components) {
  ClaimSignals();
  SetLogLevel(options.log_level);
  LogLinesOfLibraries();
  GuardListeners();
  ProcessEnd end;
  absl::StatusOr<std::unique_ptr<Server>> server =
      Server::Start(options, make_components(options),
                    {.on_loaded = [&end](const absl::Status& status) { end.OnLoaded(status); },
                     .on_worker_lost = [&end](const absl::Status& why) { end.OnWorkerLost(why); },
                     .on_drain = [&end](absl::Duration patience) { end.OnDrain(patience); }});
  if (!server.ok())
    return CannotStart(server.status());
  const absl::Status told = TellPorts(**server, options.port_file);
  if (!told.ok())
    LeaveAtOnce(CannotStart(told));
  const SignalWaiter waiter([&](int signal) {
    if (signal == SIGHUP)
      return (*server)->RereadCredentials();
    (*server)->ShortenDrain(options.drain_timeout);
    if (end.OnSignal(signal) > 1)
      (*server)->Hurry();
  });
  end.Await();
  if (!(*server)->is_loading())
    (*server)->Drain(end.PatienceOr(options.drain_timeout));
  Log(LogLevel::kInfo, "stopped");
  if ((*server)->is_loading() || end.worker_lost())
    LeaveAtOnce(end.exit_code());
  return end.exit_code();
}

}  // namespace

int ServeAsProgram(int argc, char** argv, const std::function<Components(const ServerOptions&)>& make_components) {
  if (argc > 1 && std::string_view(argv[1]) == "token")
    return RunTokenCommand(argc - 1, argv + 1);
  const CommandLine line = ParseCommandLine(argc, argv);
  if (!line.options.has_value())
    return line.exit_code;
  const int exit_code = Serve(*line.options, make_components);
  FlushLog(kFlushTimeout);
  return exit_code;
}

}  // namespace ruyi
