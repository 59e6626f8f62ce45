#include "server/convert/status_to_grpc.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/error_info.h"
#include "core/base/error_reasons.h"
#include "tests/server/rpc_status.h"

namespace ruyi {
namespace {

using testing::Pair;
using testing::UnorderedElementsAre;

TEST(StatusToGrpc, OkStaysOk) {
  const grpc::Status status = ToGrpc(absl::OkStatus());
  EXPECT_TRUE(status.ok());
  EXPECT_EQ(status.error_details(), "");
}

TEST(StatusToGrpc, KeepsCodeAndMessage) {
  for (int code = 1; code <= 16; ++code) {
    const absl::Status status(static_cast<absl::StatusCode>(code), "what was wrong");
    EXPECT_EQ(ToProto(status).code(), code);
    EXPECT_EQ(ToProto(status).message(), "what was wrong");
    EXPECT_EQ(ToGrpc(status).error_code(), code);
    EXPECT_EQ(ToGrpc(status).error_message(), "what was wrong");
  }
}

TEST(StatusToGrpc, TheRpcSaysTheSameAsTheEvent) {
  const absl::Status status = InvalidFields({{"steps", "too many"}});
  EXPECT_EQ(ToGrpc(status).error_details(), ToProto(status).SerializeAsString());
}

TEST(StatusToGrpc, TellsReasonAndMetadataInOneErrorInfo) {
  const absl::Status status = WithErrorInfo(
      absl::ResourceExhaustedError("full"),
      {.reason = std::string(reason::kQueueFull), .metadata = {{"queue_capacity", "16"}, {"waiting", "16"}}});
  const RpcDetails details = DetailsOf(ToProto(status));
  ASSERT_TRUE(details.error_info.has_value());
  EXPECT_EQ(details.error_info->domain(), "ruyi");
  EXPECT_EQ(details.error_info->reason(), "QUEUE_FULL");
  EXPECT_THAT(details.error_info->metadata(),
              UnorderedElementsAre(Pair("queue_capacity", "16"), Pair("waiting", "16")));
  EXPECT_FALSE(details.bad_request.has_value());
  EXPECT_FALSE(details.retry_info.has_value());
  EXPECT_EQ(details.others, 0);
}

TEST(StatusToGrpc, GivesAReasonWhereThereIsNone) {
  const RpcDetails details = DetailsOf(ToGrpc(absl::InternalError("boom")));
  ASSERT_TRUE(details.error_info.has_value());
  EXPECT_EQ(details.error_info->reason(), "INTERNAL");
  EXPECT_EQ(details.error_info->domain(), "ruyi");
}

TEST(StatusToGrpc, TellsEveryViolation) {
  const absl::Status status = InvalidFields({{"steps", "too many"}, {"start_images[0]", "no picture"}});
  const RpcDetails details = DetailsOf(ToGrpc(status));
  ASSERT_TRUE(details.bad_request.has_value());
  ASSERT_EQ(details.bad_request->field_violations_size(), 2);
  EXPECT_EQ(details.bad_request->field_violations(0).field(), "steps");
  EXPECT_EQ(details.bad_request->field_violations(0).description(), "too many");
  EXPECT_EQ(details.bad_request->field_violations(1).field(), "start_images[0]");
  EXPECT_EQ(details.bad_request->field_violations(1).description(), "no picture");
  EXPECT_EQ(details.reason(), "INVALID_REQUEST");
}

TEST(StatusToGrpc, CutsAMessageThatIsTooLongForTrailers) {
  const grpc::Status status = ToGrpc(absl::InternalError(std::string(1024, 'x')));
  EXPECT_EQ(status.error_message(), std::string(1024, 'x'));
  const grpc::Status longer = ToGrpc(absl::InternalError(std::string(1025, 'x')));
  EXPECT_EQ(longer.error_message(), std::string(1021, 'x') + "...");
}

TEST(StatusToGrpc, CutsBetweenCharacters) {
  std::string letters;
  for (int i = 0; i < 600; ++i)
    letters += "\u00e9";  // two bytes
  const std::string message = ToGrpc(absl::InternalError(letters)).error_message();
  EXPECT_EQ(message, letters.substr(0, 1020) + "...");
}

TEST(StatusToGrpc, CutsLongDescriptionsAndKeepsShortOnes) {
  std::vector<FieldViolation> violations(8, {"loras", std::string(5000, 'x')});
  violations.push_back({"steps", "too many"});
  const RpcDetails details = DetailsOf(ToGrpc(InvalidFields(violations)));
  ASSERT_EQ(details.bad_request->field_violations_size(), 9);
  EXPECT_EQ(details.bad_request->field_violations(7).description(), std::string(253, 'x') + "...");
  EXPECT_EQ(details.bad_request->field_violations(8).description(), "too many");
}

absl::Status UnmetBy(int modes, const std::string& description) {
  ErrorInfo info = {.reason = std::string(reason::kVramBudget)};
  for (int i = 0; i < modes; ++i)
    info.unmet_preconditions.push_back({.subject = absl::StrCat("mode ", i), .description = description});
  return WithErrorInfo(absl::FailedPreconditionError("nothing fits"), info);
}

TEST(StatusToGrpc, TellsEveryUnmetPrecondition) {
  const RpcDetails details = DetailsOf(ToGrpc(UnmetBy(2, "takes too much")));
  ASSERT_TRUE(details.precondition_failure.has_value());
  ASSERT_EQ(details.precondition_failure->violations_size(), 2);
  EXPECT_EQ(details.precondition_failure->violations(0).type(), "VRAM_BUDGET");
  EXPECT_EQ(details.precondition_failure->violations(0).subject(), "mode 0");
  EXPECT_EQ(details.precondition_failure->violations(1).subject(), "mode 1");
  EXPECT_EQ(details.precondition_failure->violations(1).description(), "takes too much");
  EXPECT_EQ(details.reason(), "VRAM_BUDGET");
  EXPECT_FALSE(details.bad_request.has_value());
  EXPECT_EQ(details.others, 0);
}

TEST(StatusToGrpc, CutsLongDescriptionsOfPreconditions) {
  const RpcDetails details = DetailsOf(ToGrpc(UnmetBy(10, std::string(5000, 'x'))));
  ASSERT_EQ(details.precondition_failure->violations_size(), 10);
  EXPECT_EQ(details.precondition_failure->violations(9).description(), std::string(253, 'x') + "...");
}

TEST(StatusToGrpc, KeepsTheLastOfTooManyPreconditions) {
  const RpcDetails details = DetailsOf(ToGrpc(UnmetBy(1000, "takes too much")));
  const auto& violations = details.precondition_failure->violations();
  EXPECT_GT(violations.size(), 50);
  EXPECT_LT(violations.size(), 150);
  EXPECT_EQ(violations[violations.size() - 1].subject(), "mode 999");
  EXPECT_EQ(violations[0].subject(), absl::StrCat("mode ", 1000 - violations.size()));
}

TEST(StatusToGrpc, CutsMetadataThatIsTooLong) {
  const absl::Status status = WithErrorInfo(absl::ResourceExhaustedError("no memory"),
                                            {.reason = "X", .metadata = {{"modes_tried", std::string(5000, 'x')}}});
  EXPECT_EQ(DetailsOf(ToGrpc(status)).error_info->metadata().at("modes_tried"), std::string(1021, 'x') + "...");
}

TEST(StatusToGrpc, NamesTheVideoThatAnErrorIsAbout) {
  const absl::Status status =
      WithErrorInfo(absl::NotFoundError("there is no such video"), {.reason = "X", .metadata = {{"video", "abc"}}});
  const RpcDetails details = DetailsOf(ToGrpc(status));
  ASSERT_TRUE(details.resource_info.has_value());
  EXPECT_EQ(details.resource_info->resource_type(), "ruyi.v1.Video");
  EXPECT_EQ(details.resource_info->resource_name(), "videos/abc");
  EXPECT_EQ(details.resource_info->description(), "there is no such video");
  EXPECT_FALSE(DetailsOf(ToGrpc(absl::NotFoundError("what"))).resource_info.has_value());
}

TEST(StatusToGrpc, CutsAnIdThatIsTooLongForTrailers) {
  const absl::Status status = WithErrorInfo(absl::NotFoundError("there is no such video"),
                                            {.reason = "X", .metadata = {{"video", std::string(5000, 'x')}}});
  EXPECT_EQ(DetailsOf(ToGrpc(status)).resource_info->resource_name(), "videos/" + std::string(1021, 'x') + "...");
}

TEST(StatusToGrpc, TellsTheRetryDelay) {
  const absl::Status status =
      WithErrorInfo(absl::UnavailableError("later"), {.reason = "X", .retry_delay = absl::Milliseconds(2500)});
  const RpcDetails details = DetailsOf(ToGrpc(status));
  ASSERT_TRUE(details.retry_info.has_value());
  EXPECT_EQ(details.retry_info->retry_delay().seconds(), 2);
  EXPECT_EQ(details.retry_info->retry_delay().nanos(), 500'000'000);
}

}  // namespace
}  // namespace ruyi
