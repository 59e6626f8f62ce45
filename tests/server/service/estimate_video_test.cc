// Calls of EstimateVideo: what a video would take, on this server and on another device; and every refusal.
#include <gmock/gmock.h>
#include <grpcpp/client_context.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "core/base/error_info.h"
#include "core/base/error_reasons.h"
#include "tests/server/gate.h"
#include "tests/server/rpc_status.h"
#include "tests/server/service/full_decoder.h"
#include "tests/server/service/service_under_test.h"
#include "tests/server/test_request.h"

namespace ruyi {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct Answer {
  grpc::Status status;
  v1::EstimateVideoResponse response;

  std::vector<int> fitting() const {
    std::vector<int> indices;
    for (int i = 0; i < response.modes_size(); ++i) {
      if (response.modes(i).fits())
        indices.push_back(i);
    }
    return indices;
  }
};

Answer Ask(const ServiceUnderTest& service, const v1::EstimateVideoRequest& request) {
  grpc::ClientContext context;
  context.set_deadline(VideoCall::AfterPatience());
  Answer answer;
  answer.status = v1::VideoService::NewStub(service.channel())->EstimateVideo(&context, request, &answer.response);
  return answer;
}

v1::EstimateVideoRequest SmallQuestion() {
  v1::EstimateVideoRequest request;
  *request.mutable_request() = SmallRequest();
  return request;
}

// Returns options with `mib` of memory for a video. The test's model has three modes that are worth having for
// SmallRequest, of 4164, 3164 and 2164 MiB.
ServiceOptions WithMib(int64_t mib) {
  ServiceOptions options;
  options.pipeline.available_bytes = [mib] { return mib * kTestMib; };
  return options;
}

TEST(EstimateVideo, TellsEveryModeAndTheChosenOne) {
  const ServiceUnderTest service(WithMib(4000));
  const Answer answer = Ask(service, SmallQuestion());
  ASSERT_TRUE(answer.status.ok()) << answer.status.error_message();
  const v1::EstimateVideoResponse& response = answer.response;
  EXPECT_EQ(response.settings().frame_count(), 8);
  EXPECT_EQ(response.settings().size().width(), 256);
  EXPECT_EQ(response.budget_mib(), 4000);
  ASSERT_EQ(response.modes_size(), 3);
  EXPECT_EQ(response.modes(0).predicted_mib(), 4164);
  EXPECT_EQ(response.modes(1).predicted_mib(), 3164);
  EXPECT_EQ(response.modes(1).predicted_host_mib(), 3000);
  EXPECT_EQ(response.modes(1).mode().resident_blocks(), 1);
  EXPECT_GT(response.modes(1).predicted_time().seconds(), 0);
  EXPECT_THAT(response.modes(0).reason(), HasSubstr("would take 4164 of 4000 MiB"));
  EXPECT_THAT(answer.fitting(), ElementsAre(1, 2));
  EXPECT_TRUE(response.has_chosen());
  EXPECT_EQ(response.chosen(), 1);
  EXPECT_THAT(response.reason(), HasSubstr("the fastest mode that fits"));
}

TEST(EstimateVideo, IsWhatGenerateVideoDoes) {
  ServiceUnderTest service(WithMib(4000));
  const v1::EstimateVideoResponse response = Ask(service, SmallQuestion()).response;
  const v1::MemoryPlan plan = service.Call(SmallRequest()).Take().accepted().video().plan();
  const v1::ModeEstimate& chosen = response.modes(response.chosen());
  EXPECT_EQ(plan.mode().SerializeAsString(), chosen.mode().SerializeAsString());
  EXPECT_EQ(plan.predicted_mib(), chosen.predicted_mib());
  EXPECT_EQ(plan.predicted_time().SerializeAsString(), chosen.predicted_time().SerializeAsString());
  EXPECT_EQ(plan.budget_mib(), response.budget_mib());
  EXPECT_EQ(plan.reason(), response.reason());
}

TEST(EstimateVideo, AnswersForAnotherDevice) {
  const ServiceUnderTest service(WithMib(4000));
  v1::EstimateVideoRequest request = SmallQuestion();
  request.set_vram_mib(2500);
  const v1::EstimateVideoResponse response = Ask(service, request).response;
  EXPECT_EQ(response.budget_mib(), 2500);
  EXPECT_EQ(response.chosen(), 2);
}

TEST(EstimateVideo, TakesThePolicyAndTheCeilingOfTheRequest) {
  const ServiceUnderTest service(WithMib(10'000));
  v1::EstimateVideoRequest request = SmallQuestion();
  request.mutable_request()->mutable_memory()->set_policy(v1::MEMORY_POLICY_SMALLEST);
  EXPECT_EQ(Ask(service, request).response.chosen(), 2);
  request.mutable_request()->mutable_memory()->set_policy(v1::MEMORY_POLICY_FASTEST);
  EXPECT_EQ(Ask(service, request).response.chosen(), 0);
  request.mutable_request()->mutable_memory()->set_max_vram_mib(4000);
  const v1::EstimateVideoResponse capped = Ask(service, request).response;
  EXPECT_EQ(capped.budget_mib(), 4000);
  EXPECT_FALSE(capped.has_chosen());
}

TEST(EstimateVideo, IsAnAnswerWhenNothingFits) {
  const ServiceUnderTest service(WithMib(100));
  const Answer answer = Ask(service, SmallQuestion());
  ASSERT_TRUE(answer.status.ok()) << answer.status.error_message();
  EXPECT_FALSE(answer.response.has_chosen());
  EXPECT_THAT(answer.fitting(), ElementsAre());
  EXPECT_EQ(answer.response.modes_size(), 3);
  EXPECT_EQ(answer.response.reason(), "no memory mode fits");
}

TEST(EstimateVideo, SharesTheQueueAmongTheWorkers) {
  ServiceOptions options;
  options.has_worker = false;
  options.workers = 2;
  ServiceUnderTest service(options);
  EXPECT_EQ(Ask(service, SmallQuestion()).response.queue_wait().nanos(), 0);
  VideoCall first = service.Call(SmallRequest());
  first.ReadUntil(v1::VideoEvent::kQueued);
  const v1::EstimateVideoResponse response = Ask(service, SmallQuestion()).response;
  const google::protobuf::Duration& time = response.modes(response.chosen()).predicted_time();
  const google::protobuf::Duration& wait = response.queue_wait();
  EXPECT_NEAR(wait.seconds() + wait.nanos() * 1e-9, (time.seconds() + time.nanos() * 1e-9) / 2, 1e-6);
}

TEST(EstimateVideo, MakesNoJob) {
  const ServiceUnderTest service;
  EXPECT_TRUE(Ask(service, SmallQuestion()).status.ok());
  EXPECT_EQ(service.events().accepted().value(), 0);
}

TEST(EstimateVideo, TellsEveryWrongFieldAtOnce) {
  const ServiceUnderTest service;
  v1::EstimateVideoRequest request = SmallQuestion();
  request.set_vram_mib(0);
  request.mutable_request()->set_steps(1000);
  request.mutable_request()->mutable_memory()->set_policy(static_cast<v1::MemoryPolicy>(99));
  request.mutable_request()->mutable_memory()->set_resident_states(0);
  const grpc::Status status = Ask(service, request).status;
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(DetailsOf(status).reason(), reason::kInvalidRequest);
  EXPECT_THAT(DetailsOf(status).wrong_fields(),
              testing::UnorderedElementsAre("vram_mib", "steps", "memory.policy", "memory.resident_states"));
}

TEST(EstimateVideo, NeedsARequest) {
  const ServiceUnderTest service;
  EXPECT_THAT(DetailsOf(Ask(service, {}).status).wrong_fields(), ElementsAre("start_images"));
}

TEST(EstimateVideo, RefusesMoreThanTheModelHas) {
  const ServiceUnderTest service;
  v1::EstimateVideoRequest request = SmallQuestion();
  request.mutable_request()->mutable_memory()->set_resident_blocks(5);
  request.mutable_request()->mutable_memory()->set_resident_states(4);
  const grpc::Status status = Ask(service, request).status;
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(DetailsOf(status).wrong_fields(), ElementsAre("memory.resident_blocks", "memory.resident_states"));
}

TEST(EstimateVideo, RefusesAPictureThatIsTooLarge) {
  const ServiceUnderTest service;
  v1::EstimateVideoRequest request = SmallQuestion();
  request.mutable_request()->mutable_start_images(0)->set_data("huge");
  EXPECT_EQ(DetailsOf(Ask(service, request).status).reason(), reason::kImageTooLarge);
}

TEST(EstimateVideo, RefusesAModeThatTheWeightsDoNotHave) {
  ServiceOptions options;
  options.limits.fp8.mode = Fp8Mode::kLite;
  const ServiceUnderTest service(options);
  v1::EstimateVideoRequest request = SmallQuestion();
  request.mutable_request()->mutable_acceleration()->mutable_fp8()->set_mode(v1::FP8_MODE_NONE);
  const grpc::Status status = Ask(service, request).status;
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNIMPLEMENTED);
  EXPECT_EQ(DetailsOf(status).reason(), reason::kFeatureNotBuilt);
}

TEST(EstimateVideo, IsRefusedWhileTheModelIsLoading) {
  ServiceOptions options;
  options.is_ready = false;
  const ServiceUnderTest service(options);
  const grpc::Status status = Ask(service, SmallQuestion()).status;
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(DetailsOf(status).reason(), reason::kModelLoading);
}

TEST(EstimateVideo, IsRefusedWithWhatTheIntakeRefusesWith) {
  ServiceUnderTest service;
  service.intake().Refuse(ErrorWithReason(absl::StatusCode::kAborted, "lost", reason::kWorkerLost));
  const grpc::Status status = Ask(service, SmallQuestion()).status;
  EXPECT_EQ(status.error_code(), grpc::StatusCode::ABORTED);
  EXPECT_EQ(DetailsOf(status).reason(), reason::kWorkerLost);
}

TEST(EstimateVideo, RefusesAMessageThatIsTooLarge) {
  ServiceOptions options;
  options.max_message_bytes = 1000;
  const ServiceUnderTest service(options);
  v1::EstimateVideoRequest request = SmallQuestion();
  request.mutable_request()->mutable_start_images(0)->set_data(std::string(1001, 'x'));
  EXPECT_EQ(Ask(service, request).status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
}

TEST(EstimateVideo, IsRefusedWhenTooManyRequestsAreBeingDecoded) {
  FullDecoder full;
  ASSERT_NO_FATAL_FAILURE(full.Fill());
  const grpc::Status status = Ask(full.service, SmallQuestion()).status;
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(DetailsOf(status).reason(), reason::kQueueFull);
  EXPECT_TRUE(DetailsOf(status).retry_info.has_value());
  full.gate.Open();
}

TEST(EstimateVideo, EndsWhenTheCallerCancelsWhilePicturesAreDecoded) {
  Gate gate;
  ServiceOptions options;
  options.on_decode = [&] { gate.Pass(); };
  const ServiceUnderTest service(options);
  grpc::ClientContext context;
  grpc::CompletionQueue queue;
  const auto call = v1::VideoService::NewStub(service.channel())->AsyncEstimateVideo(&context, SmallQuestion(), &queue);
  v1::EstimateVideoResponse response;
  grpc::Status status;
  call->Finish(&response, &status, nullptr);
  ASSERT_TRUE(gate.AwaitReached());
  context.TryCancel();
  void* tag = nullptr;
  bool ok = false;
  ASSERT_TRUE(queue.Next(&tag, &ok));
  EXPECT_EQ(status.error_code(), grpc::StatusCode::CANCELLED);
  gate.Open();
  EXPECT_TRUE(Ask(service, SmallQuestion()).status.ok());
}

}  // namespace
}  // namespace ruyi
