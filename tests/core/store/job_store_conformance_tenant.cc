// What a JobStore does for several tenants.
#include "tests/core/store/job_store_conformance.h"

namespace ruyi {
namespace {

using testing::ElementsAre;

NewJob JobOf(const std::string& tenant, NewJob job) {
  job.ticket.tenant = tenant;
  return job;
}

TEST_P(JobStoreConformance, ARequestIdIsKnownToItsTenantAlone) {
  Create(JobOf("film", TestRequest("a", "request", "digest")));
  ASSERT_OK_AND_ASSIGN(const CreatedJob other, store().Create(JobOf("press", TestRequest("b", "request", "other"))));
  EXPECT_TRUE(other.is_new);
  ASSERT_OK_AND_ASSIGN(const CreatedJob again, store().Create(JobOf("film", TestRequest("c", "request", "digest"))));
  EXPECT_EQ(again.record.ticket.id, "a");
  EXPECT_EQ((*store().FindByRequestId("film", "request", "digest"))->ticket.id, "a");
  EXPECT_EQ((*store().FindByRequestId("press", "request", "other"))->ticket.id, "b");
  EXPECT_FALSE(store().FindByRequestId("default", "request", "digest")->has_value());
  EXPECT_THAT(store().FindByRequestId("film", "request", "other"), HasReason("REQUEST_ID_REUSED"));
}

TEST_P(JobStoreConformance, NoBytesOfARequestIdLeadToAnotherTenant) {
  Create(JobOf("film", TestRequest("a", "request", "digest")));
  EXPECT_FALSE(store().FindByRequestId("default", "film\nrequest", "digest")->has_value());
}

TEST_P(JobStoreConformance, ADeletedJobsRequestMakesANewOneOfTheTenantToo) {
  Create(JobOf("film", TestRequest("a", "request")));
  ASSERT_THAT(store().Cancel("a", absl::CancelledError("no")), IsOk());
  ASSERT_THAT(store().Delete("a"), IsOk());
  EXPECT_FALSE(store().FindByRequestId("film", "request", "digest")->has_value());
  EXPECT_TRUE(store().Create(JobOf("film", TestRequest("b", "request")))->is_new);
}

TEST_P(JobStoreConformance, AnotherTenantsJobIsLikeNone) {
  Create(JobOf("film", TestNewJob("a")));
  EXPECT_THAT(store().CheckTenant("a", "film"), IsOk());
  const absl::Status theirs = store().CheckTenant("a", "press");
  EXPECT_THAT(theirs, StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(theirs, HasReason("NOT_FOUND"));
  EXPECT_EQ(store().CheckTenant("a", "default"), theirs);
  ASSERT_THAT(store().Cancel("a", absl::CancelledError("no")), IsOk());
  ASSERT_THAT(store().Delete("a"), IsOk());
  EXPECT_EQ(store().CheckTenant("a", "film"), theirs);
}

TEST_P(JobStoreConformance, AJobWithoutATenantIsTheDefaultTenants) {
  Create("a");
  EXPECT_THAT(store().CheckTenant("a", "default"), IsOk());
  EXPECT_THAT(store().CheckTenant("a", ""), StatusIs(absl::StatusCode::kNotFound));
}

TEST_P(JobStoreConformance, AListIsOfOneTenantOrOfAll) {
  NewJob labelled = JobOf("film", TestNewJob("c"));
  labelled.ticket.labels = {{"shot", "3"}};
  Create(JobOf("film", TestNewJob("a")));
  Create(JobOf("press", TestNewJob("b")));
  Create(labelled);
  EXPECT_THAT(ListIds({.tenant = "film"}), ElementsAre("c", "a"));
  EXPECT_THAT(ListIds({.tenant = "press"}), ElementsAre("b"));
  EXPECT_THAT(ListIds({.tenant = "none"}), ElementsAre());
  EXPECT_THAT(ListIds({}), ElementsAre("c", "b", "a"));
  EXPECT_THAT(ListIds({.tenant = "film", .labels = {{"shot", "3"}}}), ElementsAre("c"));
  EXPECT_THAT(ListIds({.tenant = "press", .labels = {{"shot", "3"}}}), ElementsAre());
  EXPECT_THAT(ListIds({.tenant = "film", .states = {JobState::kQueued}}), ElementsAre("c", "a"));
  EXPECT_THAT(ListIds({.tenant = "film", .states = {JobState::kFailed}}), ElementsAre());
}

TEST_P(JobStoreConformance, PagesOfATenantHoldItsJobsAlone) {
  for (int i = 0; i < 6; ++i)
    Create(JobOf(i % 2 == 0 ? "film" : "press", TestNewJob(std::string(1, static_cast<char>('a' + i)))));
  const JobPage first = *store().List({.tenant = "film"}, 2, "");
  ASSERT_EQ(first.jobs.size(), 2u);
  const JobPage second = *store().List({.tenant = "film"}, 2, first.next_page_token);
  ASSERT_EQ(second.jobs.size(), 1u);
  EXPECT_EQ(second.jobs[0].ticket.id, "a");
  EXPECT_EQ(second.next_page_token, "");
}

}  // namespace
}  // namespace ruyi
