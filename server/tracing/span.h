// A piece of work in a trace, from its begin to its end. Before it: call_tracer.h and job_spans.h. After it:
// otlp_json.h, which writes it for collectors. A value.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/time/time.h"

namespace ruyi {

using SpanValue = std::variant<std::string, int64_t, double, bool>;
using SpanAttributes = std::vector<std::pair<std::string, SpanValue>>;

// Something that happened in a moment of a span.
struct SpanEvent {
  absl::Time time;
  std::string name;
  SpanAttributes attributes;
};

enum class SpanKind { kInternal = 1, kServer = 2 };  // as OTLP numbers them

struct Span {
  std::string trace_id;   // 32 hex digits
  std::string span_id;    // 16 hex digits
  std::string parent_id;  // 16 hex digits, or empty: the first of its trace
  std::string name;
  SpanKind kind = SpanKind::kInternal;
  absl::Time begin;
  absl::Time end;
  SpanAttributes attributes;
  std::vector<SpanEvent> events;
  bool is_error = false;
  std::string message;  // of the error
};

}  // namespace ruyi
