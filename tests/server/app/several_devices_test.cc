// A server with a worker for each of two devices.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/host_name.h"
#include "tests/server/app/running_server.h"
#include "tests/server/gate.h"
#include "tests/server/test_request.h"
#include "tests/server/unary_answer.h"
#include "tests/support/status_matchers.h"
#include "tests/support/test_costs.h"

namespace ruyi {
namespace {

using v1::VideoEvent;

// A server of two devices; a video waits at its device's gate after its first step.
struct TwoGatedDevices {
  static FakePipelineOptions StopAt(Gate& gate) {
    return {.at_boundary = [&gate](Phase phase, int done) {
      if (phase == Phase::kDenoising && done == 1)
        gate.Pass();
    }};
  }

  void Open() {
    first_gate.Open();
    second_gate.Open();
  }

  Gate first_gate;
  Gate second_gate;
  RunningServer running{{.pipeline = StopAt(first_gate), .other_pipelines = {StopAt(second_gate)}}};
};

TEST(SeveralDevices, MakeVideosAtTheSameTime) {
  TwoGatedDevices devices;
  VideoCall first = devices.running.Call(SmallRequest());
  VideoCall second = devices.running.Call(SmallRequest());
  EXPECT_TRUE(devices.first_gate.AwaitReached());
  EXPECT_TRUE(devices.second_gate.AwaitReached());
  devices.Open();
  EXPECT_EQ(BytesOf(first.ReadAll()), FakeVideoBytes(800));
  EXPECT_EQ(BytesOf(second.ReadAll()), FakeVideoBytes(800));
}

std::string WorkerOf(VideoCall& call) {
  return call.ReadUntil(VideoEvent::kStarted).back().started().worker();
}

// Logs of several servers on one queue have to tell them apart.
TEST(SeveralDevices, HaveWorkersThatTellTheirServer) {
  TwoGatedDevices devices;
  VideoCall first = devices.running.Call(SmallRequest());
  VideoCall second = devices.running.Call(SmallRequest());
  const std::string server = absl::StrCat(HostName(), ":", getpid());
  EXPECT_THAT((std::vector{WorkerOf(first), WorkerOf(second)}),
              testing::UnorderedElementsAre(server + "/worker-0", server + "/worker-1"));
  devices.Open();
  EXPECT_TRUE(first.Finish().ok() && second.Finish().ok());
}

TEST(SeveralDevices, HaveTheBudgetOfTheLeast) {
  RunningOptions options;
  options.pipeline.available_bytes = [] { return 5000 * kTestMib; };
  options.other_pipelines = {
      {.available_bytes = [] { return 3000 * kTestMib; }, .available_host_bytes = [] { return 7000 * kTestMib; }}};
  RunningServer running(options);
  EXPECT_EQ(CreateVideo(running.channel(), SmallRequest()).response.plan().budget_mib(), 3000);
  EXPECT_THAT(running.Metrics(), testing::AllOf(testing::HasSubstr("\nruyi_vram_available_mib 3000\n"),
                                                testing::HasSubstr("\nruyi_host_available_mib 7000\n")));
}

TEST(SeveralDevices, ShareTheQueue) {
  TwoGatedDevices devices;
  VideoCall call = devices.running.Call(SmallRequest());
  const double seconds = static_cast<double>(call.Take().accepted().video().plan().predicted_time().seconds());
  call.ReadUntil(VideoEvent::kProgress);
  grpc::ClientContext context;
  v1::EstimateVideoRequest request;
  *request.mutable_request() = SmallRequest();
  v1::EstimateVideoResponse response;
  ASSERT_TRUE(v1::VideoService::NewStub(devices.running.channel())->EstimateVideo(&context, request, &response).ok());
  EXPECT_GE(seconds, 3);
  EXPECT_NEAR(static_cast<double>(response.queue_wait().seconds()), seconds / 2, 1);
  devices.Open();
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
