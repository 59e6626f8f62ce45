// Tests calls of CreateVideo: a job that lives without its caller, made once for each request_id; and every refusal.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "core/base/error_info.h"
#include "core/base/error_reasons.h"
#include "tests/server/rpc_status.h"
#include "tests/server/service/service_under_test.h"
#include "tests/server/stream_call.h"
#include "tests/server/test_request.h"
#include "tests/server/unary_answer.h"

namespace ruyi {
namespace {

using testing::ElementsAre;
using testing::Pair;
using testing::UnorderedElementsAre;

constexpr char kRequestId[] = "8c1f0e0a-4d7b-4a5e-9f0c-2b6f4a7d1e33";

ServiceOptions WithoutWorker() {
  ServiceOptions options;
  options.has_worker = false;
  return options;
}

v1::GenerateVideoRequest IdentifiedRequest() {
  v1::GenerateVideoRequest request = SmallRequest();
  request.set_request_id(kRequestId);
  return request;
}

TEST(CreateVideo, AnswersAVideoThatWaits) {
  ServiceUnderTest service(WithoutWorker());
  v1::GenerateVideoRequest request = IdentifiedRequest();
  (*request.mutable_labels())["team"] = "film";
  request.set_priority(v1::PRIORITY_HIGH);
  const auto [status, video] = CreateVideo(service.channel(), request);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(video.name(), "videos/job-1");
  EXPECT_EQ(video.state(), v1::VIDEO_STATE_QUEUED);
  EXPECT_EQ(video.settings().seed(), 7u);
  EXPECT_GT(video.plan().predicted_mib(), 0);
  EXPECT_EQ(video.request_id(), kRequestId);
  EXPECT_EQ(video.priority(), v1::PRIORITY_HIGH);
  EXPECT_THAT(video.labels(), ElementsAre(Pair("team", "film")));
}

TEST(CreateVideo, MakesTheVideoWithoutItsCaller) {
  ServiceUnderTest service;
  v1::GenerateVideoRequest request = SmallRequest();
  request.set_on_disconnect(v1::ON_DISCONNECT_CANCEL);  // which is of GenerateVideo
  const std::string name = CreateVideo(service.channel(), request).response.name();
  ASSERT_TRUE(service.events().ended().Await(1));
  EXPECT_EQ(GetVideo(service.channel(), name).response.state(), v1::VIDEO_STATE_SUCCEEDED);
}

TEST(CreateVideo, MakesOneJobOfOneRequestId) {
  ServiceUnderTest service;
  const v1::Video first = CreateVideo(service.channel(), IdentifiedRequest()).response;
  ASSERT_TRUE(service.events().ended().Await(1));
  const v1::Video again = CreateVideo(service.channel(), IdentifiedRequest()).response;
  EXPECT_EQ(again.name(), first.name());
  EXPECT_EQ(again.state(), v1::VIDEO_STATE_SUCCEEDED);
  EXPECT_EQ(service.events().accepted().value(), 1);
}

TEST(CreateVideo, RefusesARequestIdOfAnotherRequest) {
  ServiceUnderTest service(WithoutWorker());
  EXPECT_TRUE(CreateVideo(service.channel(), IdentifiedRequest()).status.ok());
  v1::GenerateVideoRequest other = IdentifiedRequest();
  other.set_steps(4);
  const grpc::Status status = CreateVideo(service.channel(), other).status;
  EXPECT_EQ(status.error_code(), grpc::StatusCode::ALREADY_EXISTS);
  const RpcDetails details = DetailsOf(status);
  EXPECT_EQ(details.reason(), reason::kRequestIdReused);
  ASSERT_TRUE(details.resource_info.has_value());
  EXPECT_EQ(details.resource_info->resource_name(), "videos/job-1");
  EXPECT_EQ(service.events().refused().value(), 1);
}

TEST(CreateVideo, OnlyValidatesWhereThatIsAsked) {
  ServiceUnderTest service;
  v1::CreateVideoRequest request;
  *request.mutable_request() = SmallRequest();
  request.set_validate_only(true);
  const auto [status, video] = Ask(service.channel(), &v1::VideoService::Stub::CreateVideo, request);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(video.name(), "");
  EXPECT_EQ(video.settings().frame_count(), 8);
  EXPECT_GT(video.plan().predicted_mib(), 0);
  EXPECT_EQ(service.events().accepted().value(), 0);
  request.mutable_request()->set_steps(0);
  EXPECT_THAT(DetailsOf(Ask(service.channel(), &v1::VideoService::Stub::CreateVideo, request).status).wrong_fields(),
              ElementsAre("steps"));
}

TEST(CreateVideo, NeedsARequest) {
  ServiceUnderTest service;
  const grpc::Status status = Ask(service.channel(), &v1::VideoService::Stub::CreateVideo, {}).status;
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(DetailsOf(status).wrong_fields(), ElementsAre("start_images"));
}

TEST(CreateVideo, TellsEveryWrongFieldAtOnce) {
  ServiceUnderTest service;
  v1::GenerateVideoRequest request = SmallRequest();
  request.set_request_id(std::string(65, 'x'));
  (*request.mutable_labels())["team"] = std::string(256, 'x');
  request.set_steps(0);
  request.set_camera(static_cast<v1::Camera>(99));
  EXPECT_THAT(DetailsOf(CreateVideo(service.channel(), request).status).wrong_fields(),
              UnorderedElementsAre("request_id", "labels", "steps", "camera"));
}

TEST(CreateVideo, TellsOnceOfAListThatIsTooLong) {
  constexpr int kMany = 40'000;
  ServiceUnderTest service;
  v1::GenerateVideoRequest request = SmallRequest();
  for (int i = 0; i < kMany; ++i)
    request.add_start_images();
  EXPECT_THAT(DetailsOf(CreateVideo(service.channel(), request).status).wrong_fields(), ElementsAre("start_images"));
}

TEST(CreateVideo, IsRefusedWhenTheQueueIsFull) {
  ServiceOptions options = WithoutWorker();
  options.queue_capacity = 1;
  ServiceUnderTest service(options);
  EXPECT_TRUE(CreateVideo(service.channel(), SmallRequest()).status.ok());
  const grpc::Status status = CreateVideo(service.channel(), SmallRequest()).status;
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(DetailsOf(status).reason(), reason::kQueueFull);
  EXPECT_TRUE(DetailsOf(status).retry_info.has_value());
  EXPECT_EQ(service.events().refused().value(), 1);
}

TEST(CreateVideo, IsRefusedWhereItCannotBeMade) {
  ServiceOptions options;
  options.is_ready = false;
  ServiceUnderTest service(options);
  EXPECT_EQ(DetailsOf(CreateVideo(service.channel(), SmallRequest()).status).reason(), reason::kModelLoading);
  service.SetReady();
  v1::GenerateVideoRequest request = SmallRequest();
  request.mutable_execution_timeout()->set_nanos(1);
  const grpc::Status unreachable = CreateVideo(service.channel(), request).status;
  EXPECT_EQ(unreachable.error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_EQ(DetailsOf(unreachable).reason(), reason::kDeadlineUnreachable);
  request = SmallRequest();
  request.mutable_memory()->set_max_vram_mib(1);
  EXPECT_EQ(DetailsOf(CreateVideo(service.channel(), request).status).reason(), reason::kVramBudget);
  request = SmallRequest();
  request.mutable_acceleration()->mutable_fp8()->set_mode(v1::FP8_MODE_LITE);
  request.mutable_start_images(0)->set_data("huge");
  EXPECT_EQ(DetailsOf(CreateVideo(service.channel(), request).status).reason(), reason::kImageTooLarge);
  service.intake().Refuse(ErrorWithReason(absl::StatusCode::kUnavailable, "stopping", reason::kDraining));
  EXPECT_EQ(DetailsOf(CreateVideo(service.channel(), SmallRequest()).status).reason(), reason::kDraining);
  EXPECT_EQ(service.events().accepted().value(), 0);
}

TEST(CreateVideo, KnowsARequestIdWhileItRefuses) {
  ServiceUnderTest service(WithoutWorker());
  const v1::Video first = CreateVideo(service.channel(), IdentifiedRequest()).response;
  service.intake().Refuse(ErrorWithReason(absl::StatusCode::kUnavailable, "stopping", reason::kDraining));
  EXPECT_EQ(CreateVideo(service.channel(), IdentifiedRequest()).response.name(), first.name());
}

}  // namespace
}  // namespace ruyi
