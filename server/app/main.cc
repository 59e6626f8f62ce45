// ruyi-server: see --help and docs/operations.md.
#include <grpc/support/log.h>

#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_format.h"
#include "server/app/command_line.h"
#include "server/app/component_factory.h"
#include "server/app/fate.h"
#include "server/app/log.h"
#include "server/app/server.h"
#include "server/app/signal_waiter.h"
#include "server/app/version.h"

namespace ruyi {
namespace {

// gRPC would write lines of its own among ours.
void LogForGrpc(gpr_log_func_args* line) {
  const LogLevel level = line->severity == GPR_LOG_SEVERITY_ERROR ? LogLevel::kError : LogLevel::kInfo;
  Log(level, "grpc", {{"message", line->message}});
}

// Written under another name first: who sees the file sees all of it.
absl::Status WritePortFile(const std::string& path, const Server& server) {
  const std::string partial = path + ".part";
  std::ofstream(partial) << server.port() << '\n' << server.metrics_port() << '\n';
  if (std::rename(partial.c_str(), path.c_str()) != 0)
    return absl::UnavailableError(absl::StrFormat("cannot write --port-file %s", path));
  return absl::OkStatus();
}

int CannotStart(const absl::Status& status) {
  Log(LogLevel::kError, "cannot_start", {{"message", std::string(status.message())}});
  return kExitCannotStart;
}

// Ends the process where it cannot end otherwise: nothing interrupts the loading, and what lies on a broken device
// cannot be freed.
void LeaveIfStuck(const Server& server, const Fate& fate) {
  if (server.is_loading() || fate.worker_lost()) {
    Log(LogLevel::kInfo, "stopped");
    std::_Exit(fate.exit_code());
  }
}

void Drain(Server& server, const Fate& fate, absl::Duration timeout) {
  if (fate.worker_lost())
    server.DrainAfterLoss();
  else
    server.Drain(timeout);
}

int Serve(const ServerOptions& options) {
  BlockStopSignals();
  SetLogLevel(options.log_level);
  gpr_set_log_function(&LogForGrpc);
  Fate fate;
  absl::StatusOr<std::unique_ptr<Server>> server = Server::Start(
      options, MakeComponents(options), [&fate](const absl::Status& status) { fate.OnLoaded(status); },
      [&fate](const absl::Status& why) { fate.OnWorkerLost(why); });
  if (!server.ok())
    return CannotStart(server.status());
  Log(LogLevel::kInfo, "listening",
      {{"version", kVersion}, {"port", (*server)->port()}, {"metrics_port", (*server)->metrics_port()}});
  if (!options.port_file.empty()) {
    if (absl::Status status = WritePortFile(options.port_file, **server); !status.ok())
      return CannotStart(status);
  }
  const SignalWaiter waiter([&](int signal) {
    if (fate.OnSignal(signal) > 1)
      (*server)->CancelAll();
  });
  fate.Await();
  if (!(*server)->is_loading())
    Drain(**server, fate, options.drain_timeout);
  LeaveIfStuck(**server, fate);
  Log(LogLevel::kInfo, "stopped");
  return fate.exit_code();
}

}  // namespace
}  // namespace ruyi

int main(int argc, char** argv) {
  const ruyi::CommandLine line = ruyi::ParseCommandLine(argc, argv);
  return line.options.has_value() ? ruyi::Serve(*line.options) : line.exit_code;
}
