#include "server/tracing/otlp_json.h"

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"

namespace ruyi {
namespace {

using nlohmann::json;

constexpr char kServiceName[] = "ruyi-server";
constexpr int kErrorCode = 2;

// One overload for each type of value; OTLP has 64-bit integers as strings, as protobuf's JSON does.
struct ValueWriter {
  json operator()(const std::string& value) const { return {{"stringValue", value}}; }
  json operator()(int64_t value) const { return {{"intValue", absl::StrCat(value)}}; }
  json operator()(double value) const { return {{"doubleValue", value}}; }
  json operator()(bool value) const { return {{"boolValue", value}}; }
};

json ToJson(const SpanAttributes& attributes) {
  json list = json::array();
  for (const auto& [key, value] : attributes)
    list.push_back({{"key", key}, {"value", std::visit(ValueWriter(), value)}});
  return list;
}

std::string Nanoseconds(absl::Time time) {
  return absl::StrCat(absl::ToUnixNanos(time));
}

json ToJson(const Span& span) {
  json object = {{"traceId", span.trace_id},
                 {"spanId", span.span_id},
                 {"name", span.name},
                 {"kind", static_cast<int>(span.kind)},
                 {"startTimeUnixNano", Nanoseconds(span.begin)},
                 {"endTimeUnixNano", Nanoseconds(span.end)},
                 {"attributes", ToJson(span.attributes)}};
  if (!span.parent_id.empty())
    object["parentSpanId"] = span.parent_id;
  for (const SpanEvent& event : span.events)
    object["events"].push_back(
        {{"timeUnixNano", Nanoseconds(event.time)}, {"name", event.name}, {"attributes", ToJson(event.attributes)}});
  if (span.is_error)
    object["status"] = {{"code", kErrorCode}, {"message", span.message}};
  return object;
}

}  // namespace

std::string ToOtlpJson(const SpanResource& resource, const std::vector<Span>& spans) {
  json list = json::array();
  for (const Span& span : spans)
    list.push_back(ToJson(span));
  const SpanAttributes attributes = {{"service.name", kServiceName},
                                     {"service.version", resource.version},
                                     {"service.instance.id", resource.instance_id},
                                     {"host.name", resource.host}};
  const json scope_spans = {{"scope", {{"name", "ruyi"}, {"version", resource.version}}}, {"spans", std::move(list)}};
  const json resource_spans = {{"resource", {{"attributes", ToJson(attributes)}}},
                               {"scopeSpans", json::array({scope_spans})}};
  return json({{"resourceSpans", json::array({resource_spans})}}).dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace ruyi
