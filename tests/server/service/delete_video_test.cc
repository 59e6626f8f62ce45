// Tests calls of DeleteVideo: nothing of an ended video stays, and no other is deleted.
#include <gtest/gtest.h>

#include <filesystem>

#include "core/base/error_reasons.h"
#include "tests/server/gate.h"
#include "tests/server/rpc_status.h"
#include "tests/server/service/service_under_test.h"
#include "tests/server/stream_call.h"
#include "tests/server/test_request.h"
#include "tests/server/unary_answer.h"

namespace ruyi {
namespace {

constexpr char kName[] = "videos/job-1";

TEST(DeleteVideo, LeavesNothing) {
  ServiceUnderTest service;
  EXPECT_TRUE(service.Call(SmallRequest()).Finish().ok());
  EXPECT_TRUE(std::filesystem::exists(service.result_path("job-1")));
  EXPECT_TRUE(DeleteVideo(service.channel(), kName).status.ok());
  EXPECT_EQ(GetVideo(service.channel(), kName).status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(DownloadCall(service.channel(), kName).Finish().error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(WatchCall(service.channel(), kName).Finish().error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(Ask(service.channel(), &v1::VideoService::Stub::ListVideos, {}).response.videos_size(), 0);
  EXPECT_FALSE(std::filesystem::exists(service.result_path("job-1")));
  EXPECT_EQ(DeleteVideo(service.channel(), kName).status.error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST(DeleteVideo, TakesVideosThatWereNotMade) {
  ServiceOptions options;
  options.has_worker = false;
  ServiceUnderTest service(options);
  CreateVideo(service.channel(), SmallRequest());
  CancelVideo(service.channel(), kName);
  EXPECT_TRUE(DeleteVideo(service.channel(), kName).status.ok());
}

void ExpectActive(const ServiceUnderTest& service) {
  const grpc::Status status = DeleteVideo(service.channel(), kName).status;
  EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(DetailsOf(status).reason(), reason::kVideoActive);
}

TEST(DeleteVideo, RefusesVideosThatHaveNotEnded) {
  Gate gate;
  ServiceOptions options;
  options.has_worker = false;
  options.pipeline.at_boundary = [&](Phase phase, int done) {
    if (phase == Phase::kDenoising && done == 1)
      gate.Pass();
  };
  ServiceUnderTest service(options);
  CreateVideo(service.channel(), SmallRequest());
  ExpectActive(service);
  service.StartWorker();
  ASSERT_TRUE(gate.AwaitReached());
  ExpectActive(service);
  CancelVideo(service.channel(), kName);
  ExpectActive(service);
  gate.Open();
}

TEST(DeleteVideo, KnowsNoOtherVideos) {
  const ServiceUnderTest service;
  const grpc::Status status = DeleteVideo(service.channel(), kName).status;
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_TRUE(DetailsOf(status).resource_info.has_value());
  EXPECT_EQ(DeleteVideo(service.channel(), "job-1").status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

}  // namespace
}  // namespace ruyi
