// Says where a piece of work belongs in a trace, as W3C Trace Context and OpenTelemetry do: by the ids of the trace and
// of a span. Before it: the header traceparent of calls. After it: span.h. Values; functions without state.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ruyi {

// What a span is made below.
struct TraceContext {
  std::string trace_id;  // 32 hex digits
  std::string span_id;   // 16 hex digits, of the parent; empty: there is none
  bool is_sampled = true;
};

// Returns what a traceparent of version 00 says; nullopt for anything else, and for ids that are all zeros.
std::optional<TraceContext> ParseTraceparent(std::string_view text);

// Returns the traceparent of work below the span `span_id`.
std::string TraceparentOf(const TraceContext& context);

// Return an id that nobody else has.
std::string DrawTraceId();
std::string DrawSpanId();

// Return the ids that belong to `name`, so that every process that knows the name finds the same ones.
std::string TraceIdOf(std::string_view name);
std::string SpanIdOf(std::string_view name);

}  // namespace ruyi
