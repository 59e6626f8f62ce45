// ruyi-server: see --help and docs/operations.md.
#include <grpc/support/log.h>

#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_format.h"
#include "absl/synchronization/mutex.h"
#include "server/app/command_line.h"
#include "server/app/component_factory.h"
#include "server/app/log.h"
#include "server/app/server.h"
#include "server/app/signal_waiter.h"
#include "server/app/version.h"

namespace ruyi {
namespace {

constexpr int kCannotStart = 1;

// What ends the process: a signal, or a model that cannot be loaded. Thread-safe.
class Fate {
 public:
  // How many signals there have been.
  int OnSignal(int signal) {
    Log(LogLevel::kInfo, "signal", {{"number", signal}});
    absl::MutexLock lock(&mutex_);
    return ++signals_;
  }

  void OnLoaded(const absl::Status& status) {
    if (status.ok())
      return Log(LogLevel::kInfo, "ready");
    Log(LogLevel::kError, "model_not_loaded", {{"message", std::string(status.message())}});
    absl::MutexLock lock(&mutex_);
    load_failed_ = true;
  }

  // The exit code, once the process is to end.
  int Await() {
    absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(this, &Fate::IsSealed));
    return load_failed_ ? kCannotStart : EXIT_SUCCESS;
  }

 private:
  bool IsSealed() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return signals_ > 0 || load_failed_; }

  absl::Mutex mutex_;
  int signals_ ABSL_GUARDED_BY(mutex_) = 0;
  bool load_failed_ ABSL_GUARDED_BY(mutex_) = false;
};

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
  return kCannotStart;
}

int Serve(const ServerOptions& options) {
  BlockStopSignals();
  SetLogLevel(options.log_level);
  gpr_set_log_function(&LogForGrpc);
  Fate fate;
  absl::StatusOr<std::unique_ptr<Server>> server =
      Server::Start(options, MakeComponents(options), [&fate](const absl::Status& status) { fate.OnLoaded(status); });
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
  const int exit_code = fate.Await();
  if ((*server)->is_loading())
    std::_Exit(exit_code);  // nothing can interrupt the loading, and there is no job to wait for
  (*server)->Drain(options.drain_timeout);
  Log(LogLevel::kInfo, "stopped");
  return exit_code;
}

}  // namespace
}  // namespace ruyi

int main(int argc, char** argv) {
  const ruyi::CommandLine line = ruyi::ParseCommandLine(argc, argv);
  return line.options.has_value() ? ruyi::Serve(*line.options) : line.exit_code;
}
