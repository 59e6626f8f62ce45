// What a JobStore does so that each tenant has its share: core/store/fair_share.h.
#include <map>

#include "absl/strings/str_cat.h"
#include "tests/core/store/job_store_conformance.h"

namespace ruyi {
namespace {

using testing::ElementsAre;

NewJob JobOf(const std::string& tenant, const std::string& id, double seconds = 2) {
  NewJob job = TestNewJob(id);
  job.ticket.tenant = tenant;
  job.advice.prediction.Of(Stage::kDenoise).seconds = seconds;
  return job;
}

TEST_P(JobStoreConformance, ATenantWithManyJobsDelaysAnotherByOne) {
  for (int i = 0; i < 20; ++i)
    Create(JobOf("many", absl::StrCat("many ", i)));
  EXPECT_EQ(Claim().job_id, "many 0");
  Create(JobOf("few", "few 0"));
  EXPECT_EQ(Claim().job_id, "few 0");
  EXPECT_EQ(Claim().job_id, "many 1");
}

TEST_P(JobStoreConformance, TenantsShareByPredictedTime) {
  for (int i = 0; i < 12; ++i) {
    Create(JobOf("long", absl::StrCat("long ", i), 6));
    Create(JobOf("short", absl::StrCat("short ", i), 2));
  }
  std::map<std::string, int> claimed;
  for (int i = 0; i < 12; ++i)
    ++claimed[Claim().record.ticket.tenant];
  EXPECT_EQ(claimed["short"], 9);
  EXPECT_EQ(claimed["long"], 3);
}

TEST_P(JobStoreConformance, TenantsThatComeTogetherGoByAge) {
  Create(JobOf("z", "first"));
  Create(JobOf("y", "second"));
  Create(JobOf("x", "third"));
  EXPECT_THAT(*store().QueueOrder(), ElementsAre("first", "second", "third"));
  EXPECT_THAT(ClaimAll(), ElementsAre("first", "second", "third"));
}

TEST_P(JobStoreConformance, ATenantThatWasAwayHasSavedNothing) {
  for (int i = 0; i < 10; ++i)
    Create(JobOf("busy", absl::StrCat("busy ", i)));
  for (int i = 0; i < 5; ++i)
    Claim();
  for (int i = 0; i < 4; ++i)
    Create(JobOf("late", absl::StrCat("late ", i)));
  EXPECT_THAT(ClaimAll(),
              ElementsAre("late 0", "busy 5", "late 1", "busy 6", "late 2", "busy 7", "late 3", "busy 8", "busy 9"));
}

TEST_P(JobStoreConformance, JobsOfUnknownLengthAreChargedToo) {
  for (int i = 0; i < 3; ++i) {
    Create(JobOf("a", absl::StrCat("a ", i), 0));
    Create(JobOf("b", absl::StrCat("b ", i), 0));
  }
  EXPECT_THAT(ClaimAll(), ElementsAre("a 0", "b 0", "a 1", "b 1", "a 2", "b 2"));
}

TEST_P(JobStoreConformance, PrioritiesHoldInsideATenant) {
  for (int i = 0; i < 3; ++i)
    Create(JobOf("a", absl::StrCat("a ", i)));
  NewJob urgent = JobOf("b", "b urgent");
  urgent.ticket.priority = Priority::kHigh;
  Create(JobOf("b", "b 0"));
  Create(urgent);
  EXPECT_THAT(ClaimAll(), ElementsAre("b urgent", "a 0", "a 1", "b 0", "a 2"));
}

TEST_P(JobStoreConformance, TheQueuesOrderIsThatOfTheClaims) {
  for (int i = 0; i < 5; ++i) {
    Create(JobOf("a", absl::StrCat("a ", i), 3));
    Create(JobOf("b", absl::StrCat("b ", i), 2));
  }
  Create(JobOf("c", "c", 100));
  Claim();
  Claim();
  const std::vector<std::string> order = *store().QueueOrder();
  EXPECT_EQ(ClaimAll(), order);
}

TEST_P(JobStoreConformance, AHandedBackJobIsNotChargedTwice) {
  for (int i = 0; i < 4; ++i) {
    Create(JobOf("a", absl::StrCat("a ", i)));
    Create(JobOf("b", absl::StrCat("b ", i)));
  }
  for (int i = 0; i < 3; ++i) {
    const Lease lease = Claim();
    EXPECT_EQ(lease.job_id, "a 0");
    ASSERT_THAT(store().HandBack(lease), IsOk());
  }
  EXPECT_THAT(ClaimAll(), ElementsAre("a 0", "b 0", "a 1", "b 1", "a 2", "b 2", "a 3", "b 3"));
}

TEST_P(JobStoreConformance, AJobWhoseWorkerWasLostIsNotChargedTwice) {
  for (int i = 0; i < 2; ++i) {
    Create(JobOf("a", absl::StrCat("a ", i)));
    Create(JobOf("b", absl::StrCat("b ", i)));
  }
  EXPECT_EQ(Claim().job_id, "a 0");
  Pass(kOverLease);
  EXPECT_THAT(store().Sweep()->taken_back, ElementsAre("a 0"));
  EXPECT_THAT(ClaimAll(), ElementsAre("a 0", "b 0", "a 1", "b 1"));
}

TEST_P(JobStoreConformance, SharesOutliveTheProcess) {
  if (!place_->IsLasting())
    GTEST_SKIP() << "this store ends with its process";
  for (int i = 0; i < 4; ++i)
    Create(JobOf("a", absl::StrCat("a ", i)));
  ASSERT_THAT(store().Finish(Claim(), TestCompleted()), IsOk());
  ASSERT_THAT(store().Finish(Claim(), TestCompleted()), IsOk());
  Create(JobOf("b", "b 0"));
  Reopen();
  EXPECT_THAT(ClaimAll(), ElementsAre("b 0", "a 2", "a 3"));
}

TEST_P(JobStoreConformance, SweepsForgetNoShare) {
  for (int i = 0; i < 4; ++i)
    Create(JobOf("a", absl::StrCat("a ", i)));
  Create(JobOf("gone", "gone 0"));
  EXPECT_EQ(Claim().job_id, "a 0");
  ASSERT_THAT(store().Finish(Claim(), TestCompleted()), IsOk());  // that of the tenant that has no other
  EXPECT_EQ(Claim().job_id, "a 1");
  ASSERT_THAT(store().Sweep(), IsOk());
  Create(JobOf("b", "b 0"));
  EXPECT_EQ(store().Counts()->waiting, 3);
  ASSERT_THAT(store().Sweep(), IsOk());
  EXPECT_THAT(ClaimAll(), ElementsAre("b 0", "a 2", "a 3"));
}

TEST_P(JobStoreConformance, APlaceCountsWhatGoesBeforeAndNoMore) {
  for (int i = 0; i < 50; ++i)
    Create(JobOf("many", absl::StrCat("many ", i)));
  Claim();
  Create(JobOf("few", "few 0"));
  Create(JobOf("few", "few 1"));
  EXPECT_EQ((*store().PositionOf("few 0"))->position, 1);  // the one that is being made
  EXPECT_EQ((*store().PositionOf("few 0"))->expected_wait, absl::Seconds(2));
  EXPECT_EQ(std::get<JobQueued>(Log("few 1").at(1).event).position, 3);  // and few 0, and many 1
  EXPECT_EQ((*store().PositionOf("many 49"))->position, 51);
}

TEST_P(JobStoreConformance, TellsWhereANewJobWouldWait) {
  EXPECT_EQ(store().PlaceOfNew("few")->position, 0);
  for (int i = 0; i < 50; ++i)
    Create(JobOf("many", absl::StrCat("many ", i)));
  Claim();
  EXPECT_EQ(store().PlaceOfNew("few")->position, 1);
  EXPECT_EQ(store().PlaceOfNew("few")->expected_wait, absl::Seconds(2));
  EXPECT_EQ(store().PlaceOfNew("many")->position, 50);
  EXPECT_EQ(store().PlaceOfNew("many")->expected_wait, absl::Seconds(100));
}

}  // namespace
}  // namespace ruyi
