// A server with a worker for each of two devices.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "tests/server/app/running_server.h"
#include "tests/server/gate.h"
#include "tests/server/test_request.h"
#include "tests/support/status_matchers.h"
#include "tests/support/test_costs.h"

namespace ruyi {
namespace {

using v1::VideoEvent;

// Whatever is asked first about the denoising waits for the gate.
std::function<void(Phase, int)> StopAt(Gate& gate) {
  return [&gate](Phase phase, int done) {
    if (phase == Phase::kDenoising && done == 1)
      gate.Pass();
  };
}

TEST(SeveralDevices, MakeVideosAtTheSameTime) {
  Gate first_gate;
  Gate second_gate;
  RunningOptions options;
  options.pipeline.at_boundary = StopAt(first_gate);
  options.other_pipelines = {{.at_boundary = StopAt(second_gate)}};
  RunningServer running(options);
  VideoCall first = running.Call(SmallRequest());
  VideoCall second = running.Call(SmallRequest());
  EXPECT_TRUE(first_gate.AwaitReached());
  EXPECT_TRUE(second_gate.AwaitReached());
  first_gate.Open();
  second_gate.Open();
  EXPECT_EQ(BytesOf(first.ReadAll()), FakeVideoBytes(800));
  EXPECT_EQ(BytesOf(second.ReadAll()), FakeVideoBytes(800));
}

TEST(SeveralDevices, HaveTheBudgetOfTheLeast) {
  RunningOptions options;
  options.pipeline.available_bytes = [] { return 5000 * kTestMib; };
  options.other_pipelines = {{.available_bytes = [] { return 3000 * kTestMib; }}};
  RunningServer running(options);
  EXPECT_EQ(running.Call(SmallRequest()).Take().accepted().video().plan().budget_mib(), 3000);
  EXPECT_THAT(running.Metrics(), testing::HasSubstr("\nruyi_vram_available_mib 3000\n"));
}

TEST(SeveralDevices, ShareTheQueue) {
  Gate first_gate;
  Gate second_gate;
  RunningOptions options;
  options.pipeline.at_boundary = StopAt(first_gate);
  options.other_pipelines = {{.at_boundary = StopAt(second_gate)}};
  RunningServer running(options);
  VideoCall call = running.Call(SmallRequest());
  const double seconds = static_cast<double>(call.Take().accepted().video().plan().predicted_time().seconds());
  call.ReadUntil(VideoEvent::kProgress);
  grpc::ClientContext context;
  v1::EstimateVideoRequest request;
  *request.mutable_request() = SmallRequest();
  v1::EstimateVideoResponse response;
  ASSERT_TRUE(v1::VideoService::NewStub(running.channel())->EstimateVideo(&context, request, &response).ok());
  EXPECT_GE(seconds, 3);
  EXPECT_NEAR(static_cast<double>(response.queue_wait().seconds()), seconds / 2, 1);
  first_gate.Open();
  second_gate.Open();
  EXPECT_TRUE(call.Finish().ok());
}

TEST(SeveralDevices, AreAllWarmedUp) {
  RunningOptions options;
  options.other_pipelines = {{.warm_up_status = absl::ResourceExhaustedError("the second one is full")}};
  EXPECT_THAT(RunningServer(options).status(),
              StatusIs(absl::StatusCode::kResourceExhausted, "the second one is full"));
}

}  // namespace
}  // namespace ruyi
