// Tests calls of GetVideo: a video in each of its states.
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

v1::Video Get(const ServiceUnderTest& service) {
  return GetVideo(service.channel(), "videos/job-1").response;
}

TEST(GetVideo, ShowsAVideoOnItsWay) {
  Gate gate;
  ServiceOptions options;
  options.has_worker = false;
  options.pipeline.at_boundary = [&](Phase phase, int done) {
    if (phase == Phase::kDenoising && done == 1)
      gate.Pass();
  };
  ServiceUnderTest service(options);
  CreateVideo(service.channel(), SmallRequest());
  EXPECT_EQ(Get(service).state(), v1::VIDEO_STATE_QUEUED);
  service.StartWorker();
  ASSERT_TRUE(gate.AwaitReached());
  const v1::Video running = Get(service);
  EXPECT_EQ(running.state(), v1::VIDEO_STATE_RUNNING);
  EXPECT_TRUE(running.has_start_time());
  EXPECT_EQ(running.progress().phase(), v1::PHASE_DENOISING);
  EXPECT_EQ(running.progress().step(), 1);
  CancelVideo(service.channel(), "videos/job-1");
  EXPECT_EQ(Get(service).state(), v1::VIDEO_STATE_CANCELLING);
  EXPECT_TRUE(service.pipeline().AwaitTokenEnd());
  gate.Open();
  ASSERT_TRUE(service.events().ended().Await(1));
  EXPECT_EQ(Get(service).state(), v1::VIDEO_STATE_CANCELLED);
  EXPECT_EQ(DetailsOf(Get(service).error()).reason(), reason::kCancelledByCaller);
}

TEST(GetVideo, ShowsAVideoThatWasMadeUntilItHasExpired) {
  ServiceUnderTest service;
  CreateVideo(service.channel(), SmallRequest());
  ASSERT_TRUE(service.events().ended().Await(1));
  const v1::Video made = Get(service);
  EXPECT_EQ(made.state(), v1::VIDEO_STATE_SUCCEEDED);
  EXPECT_EQ(made.result().size_bytes(), 800);
  EXPECT_TRUE(made.has_usage());
  EXPECT_TRUE(made.has_expire_time());
  EXPECT_THAT(service.jobs().Expire("job-1"), IsOk());
  const v1::Video expired = Get(service);
  EXPECT_EQ(expired.state(), v1::VIDEO_STATE_EXPIRED);
  EXPECT_NE(expired.etag(), made.etag());
}

TEST(GetVideo, ShowsWhyAVideoFailed) {
  ServiceOptions options;
  options.pipeline.fail_with = absl::InternalError("boom");
  ServiceUnderTest service(options);
  CreateVideo(service.channel(), SmallRequest());
  ASSERT_TRUE(service.events().ended().Await(1));
  EXPECT_EQ(Get(service).state(), v1::VIDEO_STATE_FAILED);
  EXPECT_EQ(Get(service).error().message(), "boom");
}

TEST(GetVideo, KnowsNoOtherVideos) {
  const ServiceUnderTest service;
  const grpc::Status status = GetVideo(service.channel(), "videos/other").status;
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(DetailsOf(status).reason(), reason::kNotFound);
  ASSERT_TRUE(DetailsOf(status).resource_info.has_value());
  EXPECT_EQ(DetailsOf(status).resource_info->resource_name(), "videos/other");
}

TEST(GetVideo, NeedsAName) {
  const ServiceUnderTest service;
  const grpc::Status status = GetVideo(service.channel(), "job-1").status;
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(DetailsOf(status).wrong_fields(), testing::ElementsAre("name"));
}

}  // namespace
}  // namespace ruyi
