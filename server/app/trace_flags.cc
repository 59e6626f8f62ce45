#include "server/app/trace_flags.h"

#include "absl/strings/match.h"

namespace ruyi {
namespace {

// Checks only the form of a URL: a collector that is not there costs its traces and nothing else.
CLI::Validator IsCollector() {
  return CLI::Validator(
      [](std::string& text) {
        return absl::StartsWith(text, "http://") || absl::StartsWith(text, "https://")
                   ? ""
                   : "expected http://HOST:PORT or https://HOST:PORT";
      },
      "");
}

}  // namespace

void AddTraceFlags(CLI::App& app, ServerOptions& options) {
  app.add_option("--otlp-endpoint", options.otlp_endpoint,
                 "Send traces to this collector, as OTLP over HTTP in JSON, to /v1/traces below the URL")
      ->envname("OTEL_EXPORTER_OTLP_ENDPOINT")
      ->check(IsCollector())
      ->type_name("URL");
}

}  // namespace ruyi
