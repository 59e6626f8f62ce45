#include "server/service/watched_call.h"

#include <grpc/health/v1/health.pb.h>
#include <gtest/gtest.h>
#include <ruyi/v1/video_service.pb.h>

#include "absl/status/status.h"
#include "core/base/error_info.h"
#include "core/base/error_reasons.h"
#include "server/convert/status_to_grpc.h"

namespace ruyi {
namespace {

TEST(WatchedCall, IsNamedByItsMethod) {
  // A program knows the protos that it links, as this test does for naming a message of each.
  ASSERT_NE(v1::GetVideoRequest::descriptor(), nullptr);
  ASSERT_NE(grpc::health::v1::HealthCheckRequest::descriptor(), nullptr);
  EXPECT_EQ(NameOfMethod("/ruyi.v1.VideoService/GetVideo"), "ruyi.v1.VideoService/GetVideo");
  EXPECT_EQ(NameOfMethod("/grpc.health.v1.Health/Check"), "grpc.health.v1.Health/Check");
}

TEST(WatchedCall, HasNoNameOfItsCallersMaking) {
  for (const std::string path : {"", "/", "/ruyi.v1.VideoService", "/ruyi.v1.VideoService/Steal", "/a/b/c",
                                 "/ruyi.v1/VideoService/GetVideo", "/ruyi.v1.VideoService.GetVideo"})
    EXPECT_EQ(NameOfMethod(path), "other") << path;
}

TEST(WatchedCall, NamesItsCode) {
  EXPECT_EQ(NameOfCode(grpc::StatusCode::OK), "OK");
  EXPECT_EQ(NameOfCode(grpc::StatusCode::RESOURCE_EXHAUSTED), "RESOURCE_EXHAUSTED");
}

TEST(WatchedCall, TellsItsReason) {
  const absl::Status status = ErrorWithReason(absl::StatusCode::kUnavailable, "not yet", reason::kModelLoading);
  EXPECT_EQ(ReasonOf(ToGrpc(status)), reason::kModelLoading);
}

TEST(WatchedCall, MayHaveNoReason) {
  EXPECT_EQ(ReasonOf(grpc::Status::OK), "");
  EXPECT_EQ(ReasonOf(grpc::Status(grpc::StatusCode::UNIMPLEMENTED, "")), "");
  EXPECT_EQ(ReasonOf(grpc::Status(grpc::StatusCode::INTERNAL, "", "no proto")), "");
}

}  // namespace
}  // namespace ruyi
