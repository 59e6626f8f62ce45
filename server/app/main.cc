// ruyi-server: see --help and docs/operations.md.
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>

#include "server/app/command_line.h"
#include "server/app/component_factory.h"
#include "server/app/fate.h"
#include "server/app/library_lines.h"
#include "server/app/log.h"
#include "server/app/port_file.h"
#include "server/app/server.h"
#include "server/app/signal_waiter.h"
#include "server/app/version.h"

namespace ruyi {
namespace {

// How long a reader of the log that has stopped may hold up the end.
constexpr absl::Duration kFlushTimeout = absl::Seconds(2);

int CannotStart(const absl::Status& status) {
  Log(LogLevel::kError, "cannot_start", {{"message", std::string(status.message())}});
  return kExitCannotStart;
}

// Ends the process where it cannot end otherwise: nothing interrupts the loading, and what lies on a broken device
// cannot be freed.
[[noreturn]] void LeaveAtOnce(int exit_code) {
  FlushLog(kFlushTimeout);
  std::_Exit(exit_code);
}

void Drain(Server& server, const Fate& fate, absl::Duration timeout) {
  if (fate.worker_lost())
    server.DrainAfterLoss();
  else
    server.Drain(timeout);
}

int Serve(const ServerOptions& options) {
  ClaimSignals();
  SetLogLevel(options.log_level);
  LogLinesOfLibraries();
  Fate fate;
  absl::StatusOr<std::unique_ptr<Server>> server = Server::Start(
      options, MakeComponents(options), [&fate](const absl::Status& status) { fate.OnLoaded(status); },
      [&fate](const absl::Status& why) { fate.OnWorkerLost(why); });
  if (!server.ok())
    return CannotStart(server.status());
  Log(LogLevel::kInfo, "listening",
      {{"version", kVersion}, {"port", (*server)->port()}, {"metrics_port", (*server)->metrics_port()}});
  if (!options.port_file.empty()) {
    const absl::Status status = WritePortFile(options.port_file, (*server)->port(), (*server)->metrics_port());
    if (!status.ok())
      LeaveAtOnce(CannotStart(status));
  }
  const SignalWaiter waiter([&](int signal) {
    if (fate.OnSignal(signal) > 1)
      (*server)->CancelAll();
  });
  fate.Await();
  if (!(*server)->is_loading())
    Drain(**server, fate, options.drain_timeout);
  Log(LogLevel::kInfo, "stopped");
  if ((*server)->is_loading() || fate.worker_lost())
    LeaveAtOnce(fate.exit_code());
  return fate.exit_code();
}

}  // namespace
}  // namespace ruyi

int main(int argc, char** argv) {
  const ruyi::CommandLine line = ruyi::ParseCommandLine(argc, argv);
  if (!line.options.has_value())
    return line.exit_code;
  const int exit_code = ruyi::Serve(*line.options);
  ruyi::FlushLog(ruyi::kFlushTimeout);
  return exit_code;
}
