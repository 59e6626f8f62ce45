// Tests what Prometheus reads of calls.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "server/app/version.h"
#include "tests/server/app/running_server.h"
#include "tests/server/raw_call.h"
#include "tests/server/test_request.h"
#include "tests/server/unary_answer.h"

namespace ruyi {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

// Returns the line of a counter of calls of VideoService.
std::string Calls(const std::string& code, const std::string& method, const std::string& reason, int count) {
  return "\nruyi_rpcs_total{code=\"" + code + "\",method=\"ruyi.v1.VideoService/" + method + "\",reason=\"" + reason +
         "\"} " + std::to_string(count) + "\n";
}

TEST(CallMetrics, CountCallsByMethodCodeAndReason) {
  RunningServer running;
  for (int i = 0; i < 2; ++i)
    EXPECT_EQ(GetVideo(running.channel(), "videos/none").status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_TRUE(running.Call(SmallRequest()).Finish().ok());
  EXPECT_THAT(running.Metrics(),
              AllOf(HasSubstr(Calls("NOT_FOUND", "GetVideo", "NOT_FOUND", 2)),
                    HasSubstr("\nruyi_rpc_seconds_count{method=\"ruyi.v1.VideoService/GetVideo\"} 2\n"),
                    HasSubstr(Calls("OK", "GenerateVideo", "", 1)),
                    Not(HasSubstr("ruyi_rpc_seconds_count{method=\"ruyi.v1.VideoService/GenerateVideo\"}"))));
}

TEST(CallMetrics, CountCallsThatWereNotLetIn) {
  const TemporaryFolder folder;
  const std::string tokens = (folder.path() / "tokens.json").string();
  std::ofstream(tokens) << R"({"format": 1, "tokens": []})";
  RunningOptions options;
  options.server.access.tokens = tokens;
  RunningServer running(options);
  EXPECT_EQ(GetVideo(running.channel(), "videos/none").status.error_code(), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(running.Call(SmallRequest()).Finish().error_code(), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_THAT(running.Metrics(), AllOf(HasSubstr(Calls("UNAUTHENTICATED", "GetVideo", "CREDENTIALS_MISSING", 1)),
                                       HasSubstr(Calls("UNAUTHENTICATED", "GenerateVideo", "CREDENTIALS_MISSING", 1))));
}

TEST(CallMetrics, CountCallsOfMethodsThatThereAreNotUnderOneName) {
  RunningServer running;
  for (const char* method : {"/ruyi.v1.VideoService/Steal", "/a.B/C"})
    EXPECT_EQ(RawCall(running.channel(), method, "").status.error_code(), grpc::StatusCode::UNIMPLEMENTED);
  EXPECT_THAT(running.Metrics(),
              AllOf(HasSubstr("\nruyi_rpcs_total{code=\"UNIMPLEMENTED\",method=\"other\","), Not(HasSubstr("Steal"))));
}

TEST(CallMetrics, CountMessagesThatAreNone) {
  RunningServer running;
  EXPECT_FALSE(RawCall(running.channel(), "/ruyi.v1.VideoService/GetVideo", "\xff\xff").status.ok());
  EXPECT_THAT(running.Metrics(), HasSubstr(Calls("INVALID_ARGUMENT", "GetVideo", "INVALID_REQUEST", 1)));
}

TEST(CallMetrics, CountProbesOnAnAddressOfTheirOwn) {
  RunningOptions options;
  options.server.health_listen = "127.0.0.1:0";
  RunningServer running(options);
  EXPECT_EQ(CheckHealth(ConnectTo(running.server().health_port()), ""), Health::kServing);
  EXPECT_EQ(CheckHealth(ConnectTo(running.server().health_port()), "ruyi.v1.Other"), Health::kUnknownService);
  EXPECT_THAT(running.Metrics(),
              AllOf(HasSubstr("\nruyi_rpcs_total{code=\"OK\",method=\"grpc.health.v1.Health/Check\",reason=\"\"} 1\n"),
                    HasSubstr("\nruyi_rpcs_total{code=\"NOT_FOUND\",method=\"grpc.health.v1.Health/Check\",")));
}

TEST(CallMetrics, ShowStreamsThatAreOpen) {
  RunningServer running;
  VideoCall call = running.Call(SmallRequest());
  call.ReadUntil(v1::VideoEvent::kAccepted);
  EXPECT_THAT(running.Metrics(),
              HasSubstr("\nruyi_rpc_streams_open{method=\"ruyi.v1.VideoService/GenerateVideo\"} 1\n"));
  EXPECT_TRUE(call.Finish().ok());
  running.server().Drain(absl::ZeroDuration());  // after it no stream is open
  EXPECT_THAT(running.Metrics(),
              HasSubstr("\nruyi_rpc_streams_open{method=\"ruyi.v1.VideoService/GenerateVideo\"} 0\n"));
}

TEST(CallMetrics, SayWhichServerThisIs) {
  RunningServer running;
  EXPECT_THAT(running.Metrics(),
              HasSubstr("\nruyi_build_info{model=\"Ruyi-Mini-7B\",version=\"" + std::string(kVersion) + "\"} 1\n"));
}

}  // namespace
}  // namespace ruyi
