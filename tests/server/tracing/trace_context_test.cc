#include "server/tracing/trace_context.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ruyi {
namespace {

using testing::MatchesRegex;

constexpr char kTraceparent[] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

TEST(TraceContext, ReadsAndWritesTraceparent) {
  const std::optional<TraceContext> context = ParseTraceparent(kTraceparent);
  ASSERT_TRUE(context.has_value());
  EXPECT_EQ(context->trace_id, "0af7651916cd43dd8448eb211c80319c");
  EXPECT_EQ(context->span_id, "b7ad6b7169203331");
  EXPECT_EQ(TraceparentOf(*context), kTraceparent);
}

TEST(TraceContext, KnowsWhatIsSampled) {
  std::string text = kTraceparent;
  for (const auto& [digit, is_sampled] :
       {std::pair('0', false), std::pair('3', true), std::pair('a', false), std::pair('f', true)}) {
    text.back() = digit;
    EXPECT_EQ(ParseTraceparent(text)->is_sampled, is_sampled) << digit;
  }
  EXPECT_THAT(TraceparentOf({.trace_id = "a", .span_id = "b", .is_sampled = false}), MatchesRegex(".*-00"));
}

TEST(TraceContext, TakesNothingElse) {
  for (const char* text : {"", "00", "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                           "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
                           "00-00000000000000000000000000000000-b7ad6b7169203331-01",
                           "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
                           "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0g",
                           "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-"})
    EXPECT_FALSE(ParseTraceparent(text).has_value()) << text;
}

TEST(TraceContext, DrawsIds) {
  EXPECT_THAT(DrawTraceId(), MatchesRegex("[0-9a-f]+"));
  EXPECT_EQ(DrawTraceId().size(), 32);
  EXPECT_EQ(DrawSpanId().size(), 16);
  EXPECT_NE(DrawSpanId(), DrawSpanId());
}

TEST(TraceContext, FindsTheIdsOfANameAgain) {
  EXPECT_EQ(SpanIdOf("job"), SpanIdOf("job"));
  EXPECT_NE(SpanIdOf("job"), SpanIdOf("job 1"));
  EXPECT_NE(SpanIdOf("job"), TraceIdOf("job").substr(0, 16));
  EXPECT_TRUE(ParseTraceparent(TraceparentOf({.trace_id = TraceIdOf("job"), .span_id = SpanIdOf("job")})).has_value());
}

}  // namespace
}  // namespace ruyi
