#include "server/tracing/otlp_json.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace ruyi {
namespace {

using nlohmann::json;

json Written(const Span& span) {
  return json::parse(ToOtlpJson({.version = "1.2.3", .instance_id = "i", .host = "h"}, {span}));
}

const json& SpanOf(const json& written) {
  return written.at("resourceSpans").at(0).at("scopeSpans").at(0).at("spans").at(0);
}

TEST(OtlpJson, HasWhatASpanHas) {
  const json written =
      Written({.trace_id = "t",
               .span_id = "s",
               .parent_id = "p",
               .name = "job",
               .kind = SpanKind::kServer,
               .begin = absl::FromUnixNanos(1'700'000'000'123'456'789),
               .end = absl::FromUnixNanos(1'700'000'001'123'456'789),
               .attributes = {{"text", "a"}, {"count", int64_t{1} << 60}, {"ratio", 0.5}, {"is", true}},
               .events = {{.time = absl::FromUnixNanos(5), .name = "retry", .attributes = {}}}});
  EXPECT_EQ(SpanOf(written), json::parse(R"({
    "traceId": "t", "spanId": "s", "parentSpanId": "p", "name": "job", "kind": 2,
    "startTimeUnixNano": "1700000000123456789", "endTimeUnixNano": "1700000001123456789",
    "attributes": [{"key": "text", "value": {"stringValue": "a"}},
                   {"key": "count", "value": {"intValue": "1152921504606846976"}},
                   {"key": "ratio", "value": {"doubleValue": 0.5}}, {"key": "is", "value": {"boolValue": true}}],
    "events": [{"timeUnixNano": "5", "name": "retry", "attributes": []}]})"));
}

TEST(OtlpJson, SaysWhoseSpansTheyAre) {
  EXPECT_EQ(Written({}).at("resourceSpans").at(0).at("resource"), json::parse(R"({"attributes": [
    {"key": "service.name", "value": {"stringValue": "ruyi-server"}},
    {"key": "service.version", "value": {"stringValue": "1.2.3"}},
    {"key": "service.instance.id", "value": {"stringValue": "i"}},
    {"key": "host.name", "value": {"stringValue": "h"}}]})"));
}

TEST(OtlpJson, LeavesOutAParentThatThereIsNot) {
  EXPECT_FALSE(SpanOf(Written({})).contains("parentSpanId"));
  EXPECT_FALSE(SpanOf(Written({})).contains("status"));
}

TEST(OtlpJson, TellsErrors) {
  const Span span = {.is_error = true, .message = "broken"};
  EXPECT_EQ(SpanOf(Written(span)).at("status"), json::parse(R"({"code": 2, "message": "broken"})"));
}

TEST(OtlpJson, ReplacesBytesThatAreNoText) {
  const Span span = {.name = "a\xff"};
  EXPECT_EQ(SpanOf(Written(span)).at("name"), "a\xEF\xBF\xBD");
}

}  // namespace
}  // namespace ruyi
