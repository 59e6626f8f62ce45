// Tests which spans a server sends of calls and jobs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "tests/server/app/logged.h"
#include "tests/server/app/running_server.h"
#include "tests/server/raw_call.h"
#include "tests/server/test_request.h"
#include "tests/server/tracing/fake_collector.h"
#include "tests/server/unary_answer.h"

namespace ruyi {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr char kTraceId[] = "0af7651916cd43dd8448eb211c80319c";
constexpr char kCallerId[] = "b7ad6b7169203331";
constexpr char kGetVideo[] = "ruyi.v1.VideoService/GetVideo";
constexpr char kCreateVideo[] = "ruyi.v1.VideoService/CreateVideo";

class TracingTest : public testing::Test {
 protected:
  RunningOptions Options() const {
    RunningOptions options;
    options.server.otlp_endpoint = "http://collector:4318/";
    options.collector = [collected = collected_] { return std::make_unique<FakeCollector>(collected); };
    return options;
  }

  // Asks for a video that there is not, or makes one, with these headers.
  static void Get(RunningServer& running, const std::multimap<std::string, std::string>& headers) {
    grpc::ClientContext context;
    for (const auto& [key, value] : headers)
      context.AddMetadata(key, value);
    v1::GetVideoRequest request;
    request.set_name("videos/none");
    v1::Video video;
    v1::VideoService::NewStub(running.channel())->GetVideo(&context, request, &video);
  }

  static void Create(RunningServer& running, const std::string& traceparent) {
    grpc::ClientContext context;
    context.AddMetadata("traceparent", traceparent);
    v1::CreateVideoRequest request;
    *request.mutable_request() = SmallRequest();
    v1::Video video;
    EXPECT_TRUE(v1::VideoService::NewStub(running.channel())->CreateVideo(&context, request, &video).ok());
  }

  static std::string Traceparent(const std::string& flags) {
    return "00-" + std::string(kTraceId) + "-" + kCallerId + "-" + flags;
  }

  const std::shared_ptr<CollectedSpans> collected_ = std::make_shared<CollectedSpans>();
};

TEST_F(TracingTest, ACallIsASpanOfItsCallersTrace) {
  RunningServer running(Options());
  Get(running, {{"traceparent", Traceparent("01")}, {"x-request-id", "my-call"}});
  const std::vector<json> spans = collected_->Await(kGetVideo, 1);
  ASSERT_THAT(spans, SizeIs(1));
  EXPECT_EQ(spans[0].at("traceId"), kTraceId);
  EXPECT_EQ(spans[0].at("parentSpanId"), kCallerId);
  EXPECT_EQ(spans[0].at("kind"), 2);
  EXPECT_EQ(AttributeOf(spans[0], "rpc.service"), "ruyi.v1.VideoService");
  EXPECT_EQ(AttributeOf(spans[0], "rpc.method"), "GetVideo");
  EXPECT_EQ(AttributeOf(spans[0], "rpc.grpc.status_code"), "5");
  EXPECT_EQ(AttributeOf(spans[0], "ruyi.reason"), "NOT_FOUND");
  EXPECT_EQ(AttributeOf(spans[0], "ruyi.call_id"), "my-call");
  EXPECT_FALSE(spans[0].contains("status"));
  EXPECT_THAT(collected_->urls().at(0), "http://collector:4318/v1/traces");
}

TEST_F(TracingTest, ACallWithoutATraceBeginsOne) {
  RunningServer running(Options());
  Get(running, {});
  Get(running, {{"traceparent", "nonsense"}});
  Get(running, {{"traceparent", Traceparent("01")}, {"traceparent", Traceparent("01")}});
  const std::vector<json> spans = collected_->Await(kGetVideo, 3);
  ASSERT_THAT(spans, SizeIs(3));
  for (const json& span : spans) {
    EXPECT_FALSE(span.contains("parentSpanId"));
    EXPECT_NE(span.at("traceId"), kTraceId);
  }
}

TEST_F(TracingTest, ATraceThatIsNotSampledHasNoSpans) {
  RunningServer running(Options());
  Create(running, Traceparent("00"));
  EXPECT_TRUE(running.Call(SmallRequest()).Finish().ok());  // waits for the first video
  EXPECT_THAT(collected_->Await("job", 1), SizeIs(1));
  EXPECT_THAT(collected_->Await(kCreateVideo, 0), IsEmpty());
  for (const json& span : collected_->spans())
    EXPECT_NE(span.at("traceId"), kTraceId);
}

TEST_F(TracingTest, CallsOfHealthBeginNoTraces) {
  RunningServer running(Options());
  EXPECT_EQ(CheckHealth(running.channel(), ""), Health::kServing);
  RawCall(running.channel(), "/a.B/C", "");
  running.server().Drain(absl::ZeroDuration());
  EXPECT_THAT(collected_->spans(), IsEmpty());
}

TEST_F(TracingTest, AJobLiesBelowTheCallThatMadeIt) {
  RunningServer running(Options());
  Create(running, Traceparent("01"));
  const std::vector<json> jobs = collected_->Await("job", 1);
  const std::vector<json> calls = collected_->Await(kCreateVideo, 1);
  ASSERT_THAT(jobs, SizeIs(1));
  ASSERT_THAT(calls, SizeIs(1));
  EXPECT_EQ(jobs[0].at("traceId"), kTraceId);
  EXPECT_EQ(jobs[0].at("parentSpanId"), calls[0].at("spanId"));
  for (const char* phase : {"queue", "placing", "conditioning", "denoising", "decoding"}) {
    const std::vector<json> parts = collected_->Await(phase, 1);
    ASSERT_THAT(parts, SizeIs(1)) << phase;
    EXPECT_EQ(parts[0].at("parentSpanId"), jobs[0].at("spanId"));
  }
}

TEST_F(TracingTest, WhatIsLeftIsSentBeforeTheEnd) {
  RunningServer running(Options());
  Get(running, {});
  running.server().Drain(absl::ZeroDuration());
  EXPECT_THAT(collected_->spans(), SizeIs(1));
  EXPECT_THAT(running.Metrics(), HasSubstr("\nruyi_spans_total{result=\"exported\"} 1\n"));
}

TEST_F(TracingTest, ACollectorThatIsAwayHoldsUpNothing) {
  collected_->Answer(std::deque<absl::StatusOr<HttpResponse>>(1000, absl::UnavailableError("connection refused")));
  RunningServer running(Options());
  EXPECT_TRUE(running.Call(SmallRequest()).Finish().ok());
  running.server().Drain(absl::ZeroDuration());
  EXPECT_THAT(collected_->spans(), IsEmpty());
  EXPECT_THAT(running.Metrics(), HasSubstr("\nruyi_spans_total{result=\"exported\"} 0\n"));
}

TEST_F(TracingTest, EveryLineOfAJobNamesItsCallAndItsTrace) {
  const std::vector<json> lines = Logged("info", [&] {
    RunningOptions options = Options();
    options.server.log_level = "info";
    RunningServer running(options);
    Create(running, Traceparent("01"));
    collected_->Await("job", 1);
  });
  int of_jobs = 0;
  for (const json& line : lines) {
    if (!line.contains("job"))
      continue;
    ++of_jobs;
    EXPECT_FALSE(line.at("call_id").get<std::string>().empty()) << line;
    EXPECT_THAT(line.at("traceparent").get<std::string>(), HasSubstr(kTraceId)) << line;
  }
  EXPECT_GE(of_jobs, 3);  // accepted, started, completed
}

TEST_F(TracingTest, ThereIsNoneUnlessItIsAskedFor) {
  RunningServer running;
  EXPECT_THAT(running.Metrics(), testing::Not(HasSubstr("ruyi_spans_total")));
}

}  // namespace
}  // namespace ruyi
