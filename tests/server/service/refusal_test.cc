// Calls that end without a video: refused before a job, or failed after it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "core/base/error_info.h"
#include "core/base/error_reasons.h"
#include "tests/server/gate.h"
#include "tests/server/rpc_status.h"
#include "tests/server/service/full_decoder.h"
#include "tests/server/service/service_under_test.h"
#include "tests/server/test_request.h"
#include "tests/support/status_matchers.h"
#include "tests/support/test_costs.h"

namespace ruyi {
namespace {

using testing::ElementsAre;
using testing::UnorderedElementsAre;
using v1::VideoEvent;

// Returns the status with which a call without any event ends.
grpc::Status Refusal(VideoCall call) {
  EXPECT_TRUE(call.ReadAll().empty());
  return call.Finish();
}

TEST(Refusal, WhileTheModelIsLoading) {
  ServiceOptions options;
  options.is_ready = false;
  ServiceUnderTest service(options);
  const grpc::Status status = Refusal(service.Call(SmallRequest()));
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(DetailsOf(status).reason(), reason::kModelLoading);
  EXPECT_TRUE(DetailsOf(status).retry_info.has_value());
  service.SetReady();
  EXPECT_TRUE(service.Call(SmallRequest()).Finish().ok());
}

TEST(Refusal, OfARequestThatTheProtoCannotSay) {
  ServiceUnderTest service;
  v1::GenerateVideoRequest request = SmallRequest();
  request.set_camera(static_cast<v1::Camera>(99));
  const grpc::Status status = Refusal(service.Call(request));
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(DetailsOf(status).reason(), reason::kInvalidRequest);
  EXPECT_EQ(DetailsOf(status).bad_request->field_violations(0).field(), "camera");
}

TEST(Refusal, TellsUnknownNumbersAndLimitsAtOnce) {
  ServiceUnderTest service;
  v1::GenerateVideoRequest request = SmallRequest();
  request.set_camera(static_cast<v1::Camera>(99));
  request.set_sampler(static_cast<v1::Sampler>(99));
  request.mutable_start_images(0)->clear_source();
  request.set_steps(1000);
  request.mutable_acceleration()->mutable_fp8()->set_mode(static_cast<v1::Fp8Mode>(99));
  request.mutable_acceleration()->mutable_tea_cache()->set_threshold(7);
  EXPECT_THAT(DetailsOf(Refusal(service.Call(request))).wrong_fields(),
              UnorderedElementsAre("start_images[0]", "camera", "sampler", "steps", "acceleration.fp8.mode",
                                   "acceleration.tea_cache.threshold"));
}

class WordyLoras final : public LoraCatalog {
 public:
  std::vector<std::string> Names() const override { return {}; }
  absl::StatusOr<LoraFacts> Check(const std::string& name) const override {
    return absl::NotFoundError("there is no LoRA " + name + std::string(10'000, 'x'));
  }
};

// gRPC puts another status in the place of one that is too long for its trailers.
TEST(Refusal, HoldsEveryFieldThatCanBeWrong) {
  ServiceOptions options;
  options.pipeline.loras = std::make_shared<WordyLoras>();
  options.limits.max_loras = 16;
  ServiceUnderTest service(options);
  v1::GenerateVideoRequest request;
  for (int i = 0; i < 4; ++i) {
    request.add_start_images()->set_data("no picture");
    request.add_end_images()->set_data("no picture");
  }
  for (int i = 0; i < 16; ++i) {
    v1::Lora& lora = *request.mutable_acceleration()->add_loras();
    lora.set_name(std::string(10'000, 'x'));
    lora.set_strength(std::numeric_limits<double>::quiet_NaN());
  }
  request.mutable_size()->set_width(257);
  request.mutable_size()->set_height(257);
  request.set_frame_count(9);
  request.set_camera(static_cast<v1::Camera>(99));
  request.set_motion(9);
  request.set_sampler(static_cast<v1::Sampler>(99));
  request.set_steps(1000);
  request.set_guidance_scale(0);
  request.set_guidance_rescale(9);
  request.set_clip_apply_ratio(9);
  request.mutable_execution_timeout()->set_nanos(-1'000'000'000);
  v1::Acceleration& acceleration = *request.mutable_acceleration();
  acceleration.mutable_fp8()->set_mode(static_cast<v1::Fp8Mode>(99));
  acceleration.mutable_fp8()->set_type(static_cast<v1::Fp8Type>(99));
  acceleration.mutable_tea_cache()->set_threshold(9);
  acceleration.mutable_tea_cache()->set_skip_start_steps(0);
  acceleration.mutable_tea_cache()->set_skip_end_steps(0);
  acceleration.mutable_enhance_a_video()->set_weight(99);
  acceleration.mutable_enhance_a_video()->set_skip_start_steps(-1);
  acceleration.mutable_enhance_a_video()->set_skip_end_steps(-1);
  request.mutable_encoding()->set_crf(99);
  request.mutable_encoding()->set_preset(static_cast<v1::EncoderPreset>(99));
  request.mutable_encoding()->set_fragment_frames(999);
  request.mutable_preview()->set_every_steps(-1);
  request.mutable_preview()->set_width(1);
  request.set_request_id(std::string(100, 'x'));
  for (int i = 0; i < 32; ++i)
    (*request.mutable_labels())[std::string(63, static_cast<char>('A' + i % 26)) + (i < 26 ? "" : "!")] =
        std::string(256, 'x');
  request.set_priority(static_cast<v1::Priority>(99));
  request.set_on_disconnect(static_cast<v1::OnDisconnect>(99));
  request.set_reuse(static_cast<v1::Reuse>(99));
  request.mutable_memory()->set_policy(static_cast<v1::MemoryPolicy>(99));
  request.mutable_memory()->set_max_vram_mib(0);
  request.mutable_memory()->set_resident_blocks(-1);
  request.mutable_memory()->set_resident_states(0);
  const grpc::Status status = Refusal(service.Call(request));
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT) << status.error_message();
  EXPECT_EQ(DetailsOf(status).wrong_fields().size(), 73u);
}

TEST(Refusal, OfLorasThatDoNotServe) {
  ServiceOptions options;
  options.pipeline.loras =
      std::make_shared<FakeLoraCatalog>(std::vector<std::string>{"broken", "film"}, /*broken=*/"broken");
  ServiceUnderTest service(options);
  v1::GenerateVideoRequest request = SmallRequest();
  for (const char* name : {"film", "none", "broken"})
    request.mutable_acceleration()->add_loras()->set_name(name);
  const grpc::Status status = Refusal(service.Call(request));
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(DetailsOf(status).wrong_fields(),
              ElementsAre("acceleration.loras[1].name", "acceleration.loras[2].name"));
}

TEST(Refusal, OfAnotherModeThanThatOfWeightsInEightBits) {
  ServiceOptions options;
  options.limits.fp8.mode = Fp8Mode::kLite;
  ServiceUnderTest service(options);
  v1::GenerateVideoRequest request = SmallRequest();
  request.mutable_acceleration()->mutable_fp8()->set_mode(v1::FP8_MODE_NONE);
  const grpc::Status status = Refusal(service.Call(request));
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNIMPLEMENTED);
  EXPECT_EQ(DetailsOf(status).reason(), reason::kFeatureNotBuilt);
  EXPECT_THAT(DetailsOf(status).wrong_fields(), ElementsAre("acceleration.fp8"));
  request.mutable_acceleration()->mutable_fp8()->set_mode(v1::FP8_MODE_LITE);
  EXPECT_TRUE(service.Call(request).Finish().ok());
}

TEST(Refusal, OfMoreBlocksAndStatesThanTheModelHas) {
  ServiceUnderTest service;
  v1::GenerateVideoRequest request = SmallRequest();
  request.mutable_memory()->set_resident_blocks(5);
  request.mutable_memory()->set_resident_states(4);
  const grpc::Status status = Refusal(service.Call(request));
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(DetailsOf(status).wrong_fields(), ElementsAre("memory.resident_blocks", "memory.resident_states"));
}

TEST(Refusal, OfARequestThatFitsNoMemoryMode) {
  ServiceOptions options;
  options.pipeline.available_bytes = [] { return 1000 * kTestMib; };
  ServiceUnderTest service(options);
  const grpc::Status status = Refusal(service.Call(SmallRequest()));
  EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  const RpcDetails details = DetailsOf(status);
  EXPECT_EQ(details.reason(), reason::kVramBudget);
  EXPECT_EQ(details.error_info->metadata().at("budget_mib"), "1000");
  ASSERT_TRUE(details.precondition_failure.has_value());
  ASSERT_EQ(details.precondition_failure->violations_size(), 3);
  const auto& smallest = details.precondition_failure->violations(2);
  EXPECT_EQ(smallest.type(), reason::kVramBudget);
  EXPECT_THAT(smallest.subject(), testing::StartsWith("0 blocks, "));
  EXPECT_EQ(smallest.description(), "would take 2164 of 1000 MiB, in encoding");
  EXPECT_EQ(service.events().accepted().value(), 0);
}

TEST(Refusal, OfARequestThatTheHostHasNoMemoryFor) {
  ServiceOptions options;
  options.pipeline.available_bytes = [] { return 3500 * kTestMib; };
  options.pipeline.available_host_bytes = [] { return 2000 * kTestMib; };
  ServiceUnderTest service(options);
  const grpc::Status status = Refusal(service.Call(SmallRequest()));
  EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  const RpcDetails details = DetailsOf(status);
  EXPECT_EQ(details.reason(), reason::kHostMemory);
  EXPECT_EQ(details.error_info->metadata().at("host_budget_mib"), "2000");
  ASSERT_TRUE(details.precondition_failure.has_value());
  EXPECT_EQ(details.precondition_failure->violations(1).type(), reason::kHostMemory);
  EXPECT_EQ(details.precondition_failure->violations(1).description(),
            "would take 3000 of 2000 MiB of the host's memory");
}

// Every rung of both ladders; see HoldsEveryFieldThatCanBeWrong.
TEST(Refusal, HoldsTheModesOfALargeModel) {
  ModelFacts facts = TestFacts();
  facts.blocks = 100;
  facts.states = 100;
  facts.weight_bytes.clear();
  facts.ring_bytes.assign(101, 0);
  for (int blocks = 0; blocks <= facts.blocks; ++blocks)
    facts.weight_bytes.push_back((1000 + 100 * blocks) * kTestMib);
  Calibration calibration = TestCalibration();
  calibration.encode.bytes = {};  // so that the denoising takes most, and every mode is worth having
  calibration.decode.bytes = {};
  calibration.clip_bytes = 0;
  ServiceOptions options;
  options.pipeline.costs = std::make_shared<const CostModel>(facts, calibration);
  options.pipeline.available_bytes = [] { return int64_t{0}; };
  ServiceUnderTest service(options);
  const grpc::Status status = Refusal(service.Call(SmallRequest()));
  EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION) << status.error_message();
  EXPECT_EQ(DetailsOf(status).precondition_failure->violations_size(), 9);
}

TEST(Refusal, OfEverythingAfterAWorkerWasLost) {
  ServiceUnderTest service;
  service.intake().Refuse(ErrorWithReason(absl::StatusCode::kAborted, "lost", reason::kWorkerLost));
  const grpc::Status status = Refusal(service.Call(SmallRequest()));
  EXPECT_EQ(status.error_code(), grpc::StatusCode::ABORTED);
  EXPECT_EQ(DetailsOf(status).reason(), reason::kWorkerLost);
}

TEST(Refusal, OfARequestThatTheModelDoesNotTake) {
  ServiceUnderTest service;
  v1::GenerateVideoRequest request = SmallRequest();
  request.set_steps(1000);
  request.set_frame_count(9);
  const grpc::Status status = Refusal(service.Call(request));
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(DetailsOf(status).bad_request->field_violations_size(), 2);
}

TEST(Refusal, OfAPictureThatIsTooLarge) {
  ServiceUnderTest service;
  v1::GenerateVideoRequest request = SmallRequest();
  request.mutable_start_images(0)->set_data("huge");
  const grpc::Status status = Refusal(service.Call(request));
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(DetailsOf(status).reason(), reason::kImageTooLarge);
}

TEST(Refusal, OfTooFewStepsForPndm) {
  ServiceUnderTest service;
  v1::GenerateVideoRequest request = SmallRequest();
  request.set_sampler(v1::SAMPLER_PNDM);
  request.set_steps(3);
  const grpc::Status status = Refusal(service.Call(request));
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(DetailsOf(status).reason(), reason::kInvalidRequest);
}

TEST(Refusal, OfAMessageThatIsTooLarge) {
  ServiceOptions options;
  options.max_message_bytes = 1000;
  ServiceUnderTest service(options);
  v1::GenerateVideoRequest request = SmallRequest();
  request.mutable_start_images(0)->set_data(std::string(1001, 'x'));
  EXPECT_EQ(Refusal(service.Call(request)).error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(service.events().accepted().value(), 0);
  EXPECT_TRUE(service.Call(SmallRequest()).Finish().ok());
}

TEST(Refusal, WhenTooManyRequestsAreBeingDecoded) {
  FullDecoder full;
  ASSERT_NO_FATAL_FAILURE(full.Fill());
  full.gate.Open();
  int refused = 0;
  for (const auto& call : full.calls) {
    const grpc::Status status = call->Finish();
    refused += status.ok() ? 0 : 1;
    if (!status.ok()) {
      EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
      EXPECT_EQ(DetailsOf(status).reason(), reason::kQueueFull);
      EXPECT_TRUE(DetailsOf(status).retry_info.has_value());
    }
  }
  EXPECT_EQ(refused, 1);
  EXPECT_EQ(full.service.events().refused().value(), 1);
}

TEST(Refusal, WhenTheQueueIsFull) {
  ServiceOptions options;
  options.queue_capacity = 1;
  options.has_worker = false;
  ServiceUnderTest service(options);
  VideoCall first = service.Call(SmallRequest());
  first.ReadUntil(VideoEvent::kQueued);
  const grpc::Status status = Refusal(service.Call(SmallRequest()));
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  const RpcDetails details = DetailsOf(status);
  EXPECT_EQ(details.reason(), reason::kQueueFull);
  EXPECT_TRUE(details.retry_info.has_value());
  EXPECT_EQ(details.error_info->metadata().at("queue_capacity"), "1");
  EXPECT_EQ(service.events().accepted().value(), 1);
  EXPECT_EQ(service.events().refused().value(), 1);
  service.StartWorker();
  EXPECT_TRUE(first.Finish().ok());
}

TEST(Refusal, WhenTheTimeoutIsShorterThanTheWork) {
  ServiceUnderTest service;
  v1::GenerateVideoRequest request = SmallRequest();
  request.mutable_execution_timeout()->set_nanos(1);
  const grpc::Status status = Refusal(service.Call(request));
  EXPECT_EQ(status.error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_EQ(DetailsOf(status).reason(), reason::kDeadlineUnreachable);
}

TEST(Refusal, WhenTheDiskIsFull) {
  ServiceOptions options;
  options.artifacts.limits.max_bytes = 1000;
  ServiceUnderTest service(options);
  const grpc::Status status = Refusal(service.Call(SmallRequest()));
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(DetailsOf(status).reason(), reason::kDiskFull);
  EXPECT_TRUE(DetailsOf(status).retry_info.has_value());
  EXPECT_EQ(service.events().accepted().value(), 0);
}

// The call fails with what the event says.
void ExpectFailedEvent(VideoCall& call, grpc::StatusCode code, std::string_view reason) {
  const std::vector<VideoEvent> events = call.ReadAll();
  const grpc::Status status = call.Finish();
  ASSERT_FALSE(events.empty());
  EXPECT_TRUE(events.front().has_accepted());
  EXPECT_TRUE(LastOf(events).has_failed());
  EXPECT_EQ(LastOf(events).failed().status().code(), code);
  EXPECT_EQ(LastOf(events).failed().status().message(), status.error_message());
  EXPECT_EQ(LastOf(events).failed().status().SerializeAsString(), status.error_details());
  EXPECT_EQ(status.error_code(), code);
  EXPECT_EQ(DetailsOf(status).reason(), reason);
}

TEST(Failure, WithEachStatusOfThePipeline) {
  for (int code = 1; code <= 16; ++code) {
    ServiceOptions options;
    options.pipeline.fail_with =
        WithErrorInfo(absl::Status(static_cast<absl::StatusCode>(code), "the model broke"),
                      {.reason = "BROKEN", .metadata = {{"layer", "3"}}, .retry_delay = absl::Seconds(2)});
    ServiceUnderTest service(options);
    VideoCall call = service.Call(SmallRequest());
    ExpectFailedEvent(call, static_cast<grpc::StatusCode>(code), "BROKEN");
    ASSERT_TRUE(service.events().ended().Await(1));
    EXPECT_THAT(service.events().ends(), testing::ElementsAre(StatusIs(static_cast<absl::StatusCode>(code))));
  }
}

TEST(Failure, WhenMemoryRunsOutInTheSmallestMode) {
  ServiceOptions options;
  options.pipeline.out_of_memory = 3;
  ServiceUnderTest service(options);
  VideoCall call = service.Call(SmallRequest());
  ExpectFailedEvent(call, grpc::StatusCode::RESOURCE_EXHAUSTED, reason::kGpuOutOfMemory);
  EXPECT_THAT(DetailsOf(call.Finish()).error_info->metadata().at("modes_tried"),
              testing::ContainsRegex("4 blocks.*; 1 blocks.*; 0 blocks"));
}

TEST(Failure, WhenTheDeviceBreaks) {
  ServiceOptions options;
  options.pipeline.fail_with = ErrorWithReason(absl::StatusCode::kInternal, "the GPU is gone", reason::kGpuFault);
  ServiceUnderTest service(options);
  VideoCall call = service.Call(SmallRequest());
  ExpectFailedEvent(call, grpc::StatusCode::INTERNAL, reason::kGpuFault);
}

TEST(Failure, OfTheEncoderAfterSomeChunks) {
  ServiceOptions options;
  options.encoder.fail_at_frame = 4;
  ServiceUnderTest service(options);
  VideoCall call = service.Call(SmallRequest());
  const std::vector<VideoEvent> events = call.ReadAll();
  const std::string bytes = BytesOf(events);  // what was read before they were deleted
  EXPECT_EQ(bytes, FakeVideoBytes(static_cast<int64_t>(bytes.size())));
  EXPECT_EQ(DetailsOf(LastOf(events).failed().status()).reason(), reason::kInternal);
  const grpc::Status status = call.Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INTERNAL);
  EXPECT_EQ(status.error_message(), "the fake encoder failed at frame 4");
}

}  // namespace
}  // namespace ruyi
