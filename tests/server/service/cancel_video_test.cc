// Tests calls of CancelVideo, in each state of the video, and again.
#include <gtest/gtest.h>

#include "core/base/error_reasons.h"
#include "tests/server/gate.h"
#include "tests/server/rpc_status.h"
#include "tests/server/service/service_under_test.h"
#include "tests/server/test_request.h"
#include "tests/server/unary_answer.h"
#include "tests/support/status_matchers.h"

namespace ruyi {
namespace {

constexpr char kName[] = "videos/job-1";

v1::Video Cancel(const ServiceUnderTest& service) {
  const auto [status, video] = CancelVideo(service.channel(), kName);
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(video.name(), kName);
  return video;
}

TEST(CancelVideo, EndsAVideoThatWaitsAtOnce) {
  ServiceOptions options;
  options.has_worker = false;
  ServiceUnderTest service(options);
  CreateVideo(service.channel(), SmallRequest());
  const v1::Video cancelled = Cancel(service);
  EXPECT_EQ(cancelled.state(), v1::VIDEO_STATE_CANCELLED);
  EXPECT_EQ(DetailsOf(cancelled.error()).reason(), reason::kCancelledByCaller);
  EXPECT_EQ(Cancel(service).SerializeAsString(), cancelled.SerializeAsString());
  EXPECT_EQ(service.events().ended().value(), 1);
}

TEST(CancelVideo, EndsAVideoThatIsBeingMadeAtItsNextBoundary) {
  Gate gate;
  ServiceOptions options;
  ServiceUnderTest* running = nullptr;
  options.pipeline.at_boundary = [&](Phase phase, int done) {
    if (phase == Phase::kDenoising && done == 1) {
      gate.Pass();
      EXPECT_TRUE(running->pipeline().AwaitTokenEnd());
    }
  };
  ServiceUnderTest service(options);
  running = &service;
  VideoCall call = service.Call(SmallRequest());
  ASSERT_TRUE(gate.AwaitReached());
  const v1::Video cancelling = Cancel(service);
  EXPECT_EQ(cancelling.state(), v1::VIDEO_STATE_CANCELLING);
  EXPECT_EQ(Cancel(service).SerializeAsString(), cancelling.SerializeAsString());
  gate.Open();
  const grpc::Status status = call.Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::CANCELLED);
  EXPECT_EQ(DetailsOf(status).reason(), reason::kCancelledByCaller);
  EXPECT_EQ(Cancel(service).state(), v1::VIDEO_STATE_CANCELLED);
}

TEST(CancelVideo, LeavesAVideoThatWasMade) {
  ServiceUnderTest service;
  EXPECT_TRUE(service.Call(SmallRequest()).Finish().ok());
  EXPECT_EQ(Cancel(service).state(), v1::VIDEO_STATE_SUCCEEDED);
  EXPECT_THAT(service.jobs().Expire("job-1"), IsOk());
  EXPECT_EQ(Cancel(service).state(), v1::VIDEO_STATE_EXPIRED);
}

TEST(CancelVideo, LeavesAVideoThatFailed) {
  ServiceOptions options;
  options.pipeline.fail_with = absl::InternalError("boom");
  ServiceUnderTest service(options);
  EXPECT_FALSE(service.Call(SmallRequest()).Finish().ok());
  const v1::Video video = Cancel(service);
  EXPECT_EQ(video.state(), v1::VIDEO_STATE_FAILED);
  EXPECT_EQ(video.error().message(), "boom");
}

TEST(CancelVideo, KnowsNoOtherVideos) {
  const ServiceUnderTest service;
  const grpc::Status status = CancelVideo(service.channel(), kName).status;
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(DetailsOf(status).reason(), reason::kNotFound);
  EXPECT_TRUE(DetailsOf(status).resource_info.has_value());
  EXPECT_EQ(CancelVideo(service.channel(), "job-1").status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

}  // namespace
}  // namespace ruyi
