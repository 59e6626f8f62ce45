#include "server/app/log.h"

#include <spdlog/async_logger.h>
#include <spdlog/details/thread_pool.h>

#include <atomic>
#include <memory>

#include "server/app/stderr_sink.h"

namespace ruyi {
namespace {

// The pattern makes the beginning of the object, Log its rest.
constexpr char kPattern[] = R"({"time":"%Y-%m-%dT%H:%M:%S.%e%z","level":"%l",%v})";
constexpr size_t kThreads = 1;

// Never destroyed: threads may log until the process has ended.
struct AsyncLog {
  std::shared_ptr<spdlog::details::thread_pool> pool =
      std::make_shared<spdlog::details::thread_pool>(kLogCapacity, kThreads);
  std::shared_ptr<StderrSink> sink = std::make_shared<StderrSink>([pool = pool] { return pool->overrun_counter(); });
  std::shared_ptr<spdlog::async_logger> logger =
      std::make_shared<spdlog::async_logger>("ruyi-server", sink, pool, spdlog::async_overflow_policy::overrun_oldest);
  std::atomic<size_t> lines = 0;  // given to the logger

  AsyncLog() { logger->set_pattern(kPattern); }
};

AsyncLog& TheLog() {
  static AsyncLog& log = *new AsyncLog;
  return log;
}

spdlog::level::level_enum ToSpdlog(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kError:
      break;
  }
  return spdlog::level::err;
}

}  // namespace

void SetLogLevel(std::string_view level) {
  TheLog().logger->set_level(spdlog::level::from_str(std::string(level)));
}

void Log(LogLevel level, std::string_view event, const nlohmann::json& fields) {
  AsyncLog& log = TheLog();
  if (!log.logger->should_log(ToSpdlog(level)))
    return;
  nlohmann::ordered_json line = {{"event", event}};
  line.update(nlohmann::ordered_json(fields));
  // Texts may come from outside: what is no UTF-8 is replaced.
  const std::string text = line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  ++log.lines;
  log.logger->log(ToSpdlog(level), "{}", std::string_view(text).substr(1, text.size() - 2));
}

bool FlushLog(absl::Duration timeout) {
  return TheLog().sink->AwaitLines(TheLog().lines, timeout);
}

}  // namespace ruyi
