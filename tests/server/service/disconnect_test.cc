// Tests what becomes of a job of GenerateVideo whose call ends before it.
#include <gtest/gtest.h>

#include <string>

#include "core/base/error_info.h"
#include "core/base/error_reasons.h"
#include "tests/server/gate.h"
#include "tests/server/rpc_status.h"
#include "tests/server/service/service_under_test.h"
#include "tests/server/stream_call.h"
#include "tests/server/test_request.h"
#include "tests/server/unary_answer.h"

namespace ruyi {
namespace {

using v1::VideoEvent;

constexpr char kName[] = "videos/job-1";

// A server whose first job stops in its second step until the gate opens.
class Disconnect : public testing::Test {
 protected:
  static ServiceOptions Options(Gate* gate) {
    ServiceOptions options;
    options.pipeline.at_boundary = [gate](Phase phase, int done) {
      if (phase == Phase::kDenoising && done == 1)
        gate->Pass();
    };
    return options;
  }

  // A call that was cancelled after its job had begun.
  void BreakOff(v1::OnDisconnect on_disconnect) {
    v1::GenerateVideoRequest request = SmallRequest();
    request.set_on_disconnect(on_disconnect);
    VideoCall call = service_.Call(request);
    call.ReadUntil(VideoEvent::kStarted);
    ASSERT_TRUE(gate_.AwaitReached());
    call.Cancel();
    ASSERT_TRUE(service_.calls().statuses.Await(1));
  }

  Gate gate_;
  ServiceUnderTest service_{Options(&gate_)};
};

TEST_F(Disconnect, CancelsWhereThatIsAsked) {
  ASSERT_NO_FATAL_FAILURE(BreakOff(v1::ON_DISCONNECT_CANCEL));
  EXPECT_TRUE(service_.pipeline().AwaitTokenEnd());
  gate_.Open();
  ASSERT_TRUE(service_.events().ended().Await(1));
  EXPECT_EQ(GetVideo(service_.channel(), kName).response.state(), v1::VIDEO_STATE_CANCELLED);
}

TEST_F(Disconnect, LeavesTheJobWhereThatIsAsked) {
  ASSERT_NO_FATAL_FAILURE(BreakOff(v1::ON_DISCONNECT_DETACH));
  gate_.Open();
  ASSERT_TRUE(service_.events().ended().Await(1));
  EXPECT_EQ(GetVideo(service_.channel(), kName).response.state(), v1::VIDEO_STATE_SUCCEEDED);
  std::string bytes;
  for (const v1::VideoChunk& chunk : DownloadCall(service_.channel(), kName).ReadAll())
    bytes += chunk.data();
  EXPECT_EQ(bytes, FakeVideoBytes(800));
}

// A caller that lost its connection has sent its request again before the server noticed.
TEST_F(Disconnect, CancelsWithTheLastCallOfTheSameRequest) {
  v1::GenerateVideoRequest request = SmallRequest();
  request.set_request_id("8c1f0e0a");
  VideoCall first = service_.Call(request);
  ASSERT_TRUE(gate_.AwaitReached());
  VideoCall second = service_.Call(request);
  second.ReadUntil(VideoEvent::kStarted);
  first.Cancel();
  ASSERT_TRUE(service_.calls().statuses.Await(1));
  EXPECT_EQ(GetVideo(service_.channel(), kName).response.state(), v1::VIDEO_STATE_RUNNING);
  second.Cancel();
  EXPECT_TRUE(service_.pipeline().AwaitTokenEnd());
  gate_.Open();
  ASSERT_TRUE(service_.events().ended().Await(1));
  EXPECT_EQ(GetVideo(service_.channel(), kName).response.state(), v1::VIDEO_STATE_CANCELLED);
}

TEST_F(Disconnect, LeavesAJobOfCreateVideo) {
  v1::GenerateVideoRequest request = SmallRequest();
  request.set_request_id("8c1f0e0a");
  ASSERT_TRUE(CreateVideo(service_.channel(), request).status.ok());
  ASSERT_TRUE(gate_.AwaitReached());
  VideoCall call = service_.Call(request);
  call.ReadUntil(VideoEvent::kStarted);
  call.Cancel();
  ASSERT_TRUE(service_.calls().statuses.Await(2));
  gate_.Open();
  ASSERT_TRUE(service_.events().ended().Await(1));
  EXPECT_EQ(GetVideo(service_.channel(), kName).response.state(), v1::VIDEO_STATE_SUCCEEDED);
}

TEST_F(Disconnect, LeavesAJobThatCreateVideoWasAnsweredWith) {
  v1::GenerateVideoRequest request = SmallRequest();
  request.set_request_id("8c1f0e0a");
  VideoCall call = service_.Call(request);
  ASSERT_TRUE(gate_.AwaitReached());
  EXPECT_EQ(CreateVideo(service_.channel(), request).response.name(), kName);
  call.Cancel();
  ASSERT_TRUE(service_.calls().statuses.Await(2));
  gate_.Open();
  ASSERT_TRUE(service_.events().ended().Await(1));
  EXPECT_EQ(GetVideo(service_.channel(), kName).response.state(), v1::VIDEO_STATE_SUCCEEDED);
}

// A server that stops does not count as a reader that goes: the job goes on where the server starts again.
TEST_F(Disconnect, IsNotWhatAServerThatStopsDoes) {
  VideoCall call = service_.Call(SmallRequest());
  ASSERT_TRUE(gate_.AwaitReached());
  service_.service().EndStreams(ErrorWithReason(absl::StatusCode::kUnavailable, "stopping", reason::kDraining));
  const grpc::Status status = call.Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(DetailsOf(status).reason(), reason::kDraining);
  EXPECT_EQ(GetVideo(service_.channel(), kName).response.state(), v1::VIDEO_STATE_RUNNING);
  gate_.Open();
  ASSERT_TRUE(service_.events().ended().Await(1));
  EXPECT_EQ(GetVideo(service_.channel(), kName).response.state(), v1::VIDEO_STATE_SUCCEEDED);
}

}  // namespace
}  // namespace ruyi
