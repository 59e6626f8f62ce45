// Writes spans as OTLP's JSON, the body of a POST to a collector's /v1/traces. Before it: span_exporter.h. After it:
// the wire. A function without state; thread-safe.
#pragma once

#include <string>
#include <vector>

#include "server/tracing/span.h"

namespace ruyi {

// Says whose spans they are.
struct SpanResource {
  std::string version;      // of the server
  std::string instance_id;  // of the process
  std::string host;
};

// Returns an ExportTraceServiceRequest by the JSON mapping of OTLP 1.x. Bytes that are no UTF-8 are replaced.
std::string ToOtlpJson(const SpanResource& resource, const std::vector<Span>& spans);

}  // namespace ruyi
