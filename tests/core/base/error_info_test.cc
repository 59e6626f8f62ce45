#include "core/base/error_info.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/base/error_reasons.h"
#include "tests/support/status_matchers.h"

namespace ruyi {
namespace {

using testing::ElementsAre;
using testing::FieldsAre;
using testing::IsEmpty;
using testing::Pair;

TEST(ErrorInfo, TravelsWithTheStatus) {
  const absl::Status status = WithErrorInfo(absl::ResourceExhaustedError("full"),
                                            {.reason = std::string(reason::kQueueFull),
                                             .metadata = {{"queue_capacity", "16"}, {"path/with:signs", ""}},
                                             .field_violations = {{"steps", "too many"}},
                                             .retry_delay = absl::Milliseconds(1500)});
  const ErrorInfo info = GetErrorInfo(status);
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kResourceExhausted, "full"));
  EXPECT_EQ(info.reason, "QUEUE_FULL");
  EXPECT_THAT(info.metadata, ElementsAre(Pair("path/with:signs", ""), Pair("queue_capacity", "16")));
  EXPECT_THAT(info.field_violations, ElementsAre(FieldsAre("steps", "too many")));
  EXPECT_EQ(info.retry_delay, absl::Milliseconds(1500));
}

TEST(ErrorInfo, SurvivesACopyOfTheStatus) {
  const absl::Status status = ErrorWithReason(absl::StatusCode::kUnavailable, "loading", reason::kModelLoading);
  const absl::Status copy = status;  // NOLINT(performance-unnecessary-copy-initialization)
  EXPECT_THAT(copy, HasReason(reason::kModelLoading));
}

TEST(ErrorInfo, IsEmptyWhenNothingWasAttached) {
  for (const absl::Status& status : {absl::OkStatus(), absl::InternalError("plain")}) {
    const ErrorInfo info = GetErrorInfo(status);
    EXPECT_EQ(info.reason, "");
    EXPECT_THAT(info.metadata, IsEmpty());
    EXPECT_THAT(info.field_violations, IsEmpty());
    EXPECT_THAT(info.unmet_preconditions, IsEmpty());
    EXPECT_EQ(info.retry_delay, std::nullopt);
  }
}

TEST(ErrorInfo, IgnoresPayloadsOfOthers) {
  absl::Status status = ErrorWithReason(absl::StatusCode::kInternal, "broken", reason::kInternal);
  status.SetPayload("type.googleapis.com/google.rpc.ErrorInfo", absl::Cord("bytes"));
  EXPECT_EQ(GetErrorInfo(status).reason, "INTERNAL");
  EXPECT_THAT(GetErrorInfo(status).metadata, IsEmpty());
}

TEST(ErrorInfo, AttachedTwiceKeepsTheLaterReasonAndAllElse) {
  const absl::Status first = InvalidFields({{"start_images[0]", "too large"}});
  const absl::Status second = WithErrorInfo(first, {.reason = std::string(reason::kImageTooLarge)});
  EXPECT_THAT(second, HasReason(reason::kImageTooLarge));
  EXPECT_THAT(GetErrorInfo(second).field_violations, ElementsAre(FieldsAre("start_images[0]", "too large")));
}

TEST(ErrorWithReason, HasCodeMessageAndReason) {
  const absl::Status status = ErrorWithReason(absl::StatusCode::kUnimplemented, "no FFmpeg", reason::kFeatureNotBuilt);
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kUnimplemented, "no FFmpeg"));
  EXPECT_THAT(status, HasReason(reason::kFeatureNotBuilt));
  EXPECT_THAT(GetErrorInfo(status).field_violations, IsEmpty());
}

TEST(InvalidFields, ListsAllViolationsInItsMessage) {
  const absl::Status status = InvalidFields({{"steps", "is 0"}, {"motion", "is 9"}});
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kInvalidArgument, "steps: is 0; motion: is 9"));
  EXPECT_THAT(status, HasReason(reason::kInvalidRequest));
}

TEST(InvalidFields, KeepsTheOrderOfManyViolations) {
  std::vector<FieldViolation> violations;
  for (int i = 0; i < 25; ++i)
    violations.push_back({"start_images[" + std::to_string(24 - i) + "]", std::to_string(i)});
  const ErrorInfo info = GetErrorInfo(InvalidFields(violations));
  ASSERT_EQ(info.field_violations.size(), violations.size());
  for (size_t i = 0; i < violations.size(); ++i) {
    EXPECT_EQ(info.field_violations[i].field, violations[i].field);
    EXPECT_EQ(info.field_violations[i].description, violations[i].description);
  }
}

TEST(ErrorInfo, KeepsTheOrderOfUnmetPreconditions) {
  std::vector<UnmetPrecondition> unmet;
  for (int i = 0; i < 25; ++i)
    unmet.push_back({std::to_string(24 - i) + " blocks, 1 states/all", "takes " + std::to_string(i)});
  const absl::Status status =
      WithErrorInfo(absl::FailedPreconditionError("nothing fits"), {.unmet_preconditions = unmet});
  const ErrorInfo info = GetErrorInfo(status);
  ASSERT_EQ(info.unmet_preconditions.size(), unmet.size());
  for (size_t i = 0; i < unmet.size(); ++i) {
    EXPECT_EQ(info.unmet_preconditions[i].subject, unmet[i].subject);
    EXPECT_EQ(info.unmet_preconditions[i].description, unmet[i].description);
  }
}

TEST(ErrorInfo, KeepsUnmetPreconditionsApartFromViolations) {
  const ErrorInfo info =
      GetErrorInfo(WithErrorInfo(absl::FailedPreconditionError("nothing fits"),
                                 {.field_violations = {{"steps", "too many"}},
                                  .unmet_preconditions = {{"4 blocks", "too large"}, {"4 blocks", "and too slow"}}}));
  EXPECT_THAT(info.field_violations, ElementsAre(FieldsAre("steps", "too many")));
  EXPECT_THAT(info.unmet_preconditions,
              ElementsAre(FieldsAre("4 blocks", "too large"), FieldsAre("4 blocks", "and too slow")));
}

// A status looks through all its payloads for each that it takes: one for each violation would be quadratic.
TEST(InvalidFields, KeepsManyViolationsInOnePayload) {
  constexpr size_t kMany = 40'000;
  std::vector<FieldViolation> violations;
  for (size_t i = 0; i < kMany; ++i)
    violations.push_back({"start_images[" + std::to_string(i) + "]", "has no source"});
  const absl::Status status = InvalidFields(violations);
  int payloads = 0;
  status.ForEachPayload([&](absl::string_view, const absl::Cord&) { ++payloads; });
  EXPECT_EQ(payloads, 2);  // the reason, and the list
  const ErrorInfo info = GetErrorInfo(status);
  ASSERT_EQ(info.field_violations.size(), kMany);
  EXPECT_THAT(info.field_violations.back(), FieldsAre("start_images[39999]", "has no source"));
}

TEST(InvalidFields, KeepsTextsWhateverTheyHold) {
  const std::string digits_and_colons = "12:3:";
  const std::string zero("a\0b", 3);
  const ErrorInfo info = GetErrorInfo(InvalidFields({{digits_and_colons, ""}, {"", zero}}));
  EXPECT_THAT(info.field_violations, ElementsAre(FieldsAre(digits_and_colons, ""), FieldsAre("", zero)));
}

TEST(ErrorInfo, TakesWhatItCanOfADamagedList) {
  for (const char* list : {"5", "5:", "x:ab", "9:ab1:c"}) {
    absl::Status status = absl::InvalidArgumentError("wrong");
    status.SetPayload("type.ruyi/field_violations", absl::Cord(list));
    EXPECT_EQ(GetErrorInfo(status).field_violations.size(), 1) << list;
  }
}

TEST(WithPrefix, KeepsCodeAndAllThatIsCarried) {
  const absl::Status inner = ErrorWithReason(absl::StatusCode::kUnimplemented, "no such layer", "SOME_REASON");
  const absl::Status status = WithPrefix("config.json", inner);
  EXPECT_EQ(status.code(), absl::StatusCode::kUnimplemented);
  EXPECT_EQ(status.message(), "config.json: no such layer");
  EXPECT_EQ(GetErrorInfo(status).reason, "SOME_REASON");
}

TEST(InvalidFields, KeepsTwoViolationsOfOneField) {
  const ErrorInfo info = GetErrorInfo(InvalidFields({{"size", "first"}, {"size", "second"}}));
  EXPECT_THAT(info.field_violations, ElementsAre(FieldsAre("size", "first"), FieldsAre("size", "second")));
}

}  // namespace
}  // namespace ruyi
