#include "server/app/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace ruyi {
namespace {

// The pattern makes the beginning of the object, Log its rest.
spdlog::logger& Logger() {
  static spdlog::logger& logger = *[] {
    auto created = spdlog::stderr_logger_mt("ruyi-server");
    created->set_pattern(R"({"time":"%Y-%m-%dT%H:%M:%S.%e%z","level":"%l",%v})");
    return created.get();
  }();
  return logger;
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
  Logger().set_level(spdlog::level::from_str(std::string(level)));
}

void Log(LogLevel level, std::string_view event, const nlohmann::json& fields) {
  if (!Logger().should_log(ToSpdlog(level)))
    return;
  nlohmann::ordered_json line = {{"event", event}};
  line.update(nlohmann::ordered_json(fields));
  // Texts may come from outside: what is no UTF-8 is replaced.
  const std::string text = line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  Logger().log(ToSpdlog(level), "{}", std::string_view(text).substr(1, text.size() - 2));
}

}  // namespace ruyi
