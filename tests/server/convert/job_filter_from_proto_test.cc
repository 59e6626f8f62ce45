#include "server/convert/job_filter_from_proto.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <ruyi/v1/admin.pb.h>

#include "absl/strings/str_cat.h"
#include "core/base/error_info.h"
#include "core/intake/job_request.h"
#include "tests/support/status_matchers.h"

namespace ruyi {
namespace {

using testing::ElementsAre;
using testing::Field;

std::vector<FieldViolation> ViolationsOf(const absl::Status& status) {
  return GetErrorInfo(status).field_violations;
}

TEST(PageSizeFromProto, HasADefaultAndARange) {
  for (const auto& [given, meant] : {std::pair(0, 50), std::pair(1, 1), std::pair(1000, 1000)}) {
    ASSERT_OK_AND_ASSIGN(const int size, PageSizeFromProto(given));
    EXPECT_EQ(size, meant);
  }
  for (const int size : {-1, 1001})
    EXPECT_THAT(ViolationsOf(PageSizeFromProto(size).status()),
                ElementsAre(Field(&FieldViolation::field, "page_size")));
}

TEST(JobFilterFromProto, TakesStatesAndLabels) {
  v1::ListJobsRequest request;
  request.add_states(v1::VIDEO_STATE_RUNNING);
  (*request.mutable_labels())["shot"] = "7";
  ASSERT_OK_AND_ASSIGN(const JobFilter filter, JobFilterFromProto(request.states(), request.labels()));
  EXPECT_EQ(filter.tenant, "");
  EXPECT_THAT(filter.states, ElementsAre(JobState::kRunning));
  EXPECT_THAT(filter.labels, ElementsAre(testing::Pair("shot", "7")));
}

TEST(JobFilterFromProto, RefusesWhatIsNoStateAndTooManyLabels) {
  v1::ListJobsRequest state, labels;
  state.add_states(static_cast<v1::VideoState>(99));
  EXPECT_THAT(ViolationsOf(JobFilterFromProto(state.states(), state.labels()).status()),
              ElementsAre(Field(&FieldViolation::field, "states")));
  for (size_t i = 0; i <= kMaxLabels; ++i)
    (*labels.mutable_labels())[absl::StrCat(i)] = "";
  EXPECT_THAT(ViolationsOf(JobFilterFromProto(labels.states(), labels.labels()).status()),
              ElementsAre(Field(&FieldViolation::field, "labels")));
}

}  // namespace
}  // namespace ruyi
