// Tests what a JobStore says of the tenants that have jobs.
#include "absl/strings/str_cat.h"
#include "tests/core/store/job_store_conformance.h"

namespace ruyi {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::Field;
using testing::IsEmpty;

constexpr int kMany = 50;

NewJob JobOf(const std::string& tenant, const std::string& id, double seconds = 2) {
  NewJob job = TestNewJob(id);
  job.ticket.tenant = tenant;
  job.advice.prediction.Of(Stage::kDenoise).seconds = seconds;
  return job;
}

auto Named(const std::string& tenant) {
  return Field("tenant", &TenantLoad::tenant, tenant);
}

auto Load(const std::string& tenant, int waiting, int running, absl::Duration work) {
  return AllOf(Named(tenant), Field("waiting", &TenantLoad::waiting, waiting),
               Field("running", &TenantLoad::running, running), Field("waiting_work", &TenantLoad::waiting_work, work));
}

auto HasTurn(const std::string& tenant, std::optional<int> turn) {
  return AllOf(Named(tenant), Field("turn", &TenantLoad::turn, turn));
}

TEST_P(JobStoreConformance, SaysWhatEachTenantHas) {
  for (const char* id : {"a", "b", "c"})
    Create(JobOf("film", id));
  Create(JobOf("press", "d", 5));
  Create(JobOf("art", "e"));
  EXPECT_EQ(Claim().job_id, "a");
  ASSERT_OK_AND_ASSIGN(const TenantLoads loads, store().Loads(kMany));
  EXPECT_THAT(loads.tenants, ElementsAre(Load("press", 1, 0, absl::Seconds(5)), Load("film", 2, 1, absl::Seconds(4)),
                                         Load("art", 1, 0, absl::Seconds(2))));
  EXPECT_EQ(loads.left_out, 0);
  EXPECT_EQ(loads.tenants[0].device_seconds.has_value(), false);
  EXPECT_EQ(loads.counts.waiting, 4);
  EXPECT_EQ(loads.counts.running, 1);
  EXPECT_EQ(loads.counts.predicted_seconds, store().Counts()->predicted_seconds);
  EXPECT_FALSE(loads.counts.paused);
  ASSERT_THAT(store().SetPaused(true), IsOk());
  EXPECT_TRUE(store().Loads(kMany)->counts.paused);
}

TEST_P(JobStoreConformance, SaysNothingOfTenantsWhoseJobsHaveEnded) {
  Create(JobOf("film", "a"));
  ASSERT_THAT(store().Finish(Claim(), TestCompleted()), IsOk());
  EXPECT_THAT(store().Loads(kMany)->tenants, IsEmpty());
  EXPECT_EQ(store().Loads(kMany)->left_out, 0);
}

TEST_P(JobStoreConformance, CountsTheTenantsThatItLeavesOut) {
  for (int i = 1; i <= 5; ++i)
    Create(JobOf(absl::StrCat("tenant-", i), absl::StrCat(i), i));
  ASSERT_OK_AND_ASSIGN(const TenantLoads loads, store().Loads(2));
  EXPECT_THAT(loads.tenants, ElementsAre(Named("tenant-5"), Named("tenant-4")));
  EXPECT_EQ(loads.left_out, 3);
  EXPECT_EQ(loads.counts.waiting, 5);
}

TEST_P(JobStoreConformance, SaysWhoseTurnIsNext) {
  for (const char* id : {"a", "b"})
    Create(JobOf("film", id, 7));
  Create(JobOf("press", "c", 5));
  Create(JobOf("art", "d", 3));
  EXPECT_EQ(Claim().job_id, "a");
  EXPECT_THAT(store().Loads(kMany)->tenants, ElementsAre(HasTurn("film", 3), HasTurn("press", 1), HasTurn("art", 1)));
  EXPECT_EQ(Claim().job_id, "c");
  EXPECT_THAT(store().Loads(kMany)->tenants,
              ElementsAre(HasTurn("film", 2), HasTurn("art", 1), HasTurn("press", std::nullopt)));
}

TEST_P(JobStoreConformance, ATenantThatRunsAsManyJobsAsItsQuotaHasNoTurn) {
  LimitFilm(R"({"running": 1})");
  for (const char* id : {"a", "b"})
    Create(JobOf("film", id));
  Create(JobOf("press", "c"));
  EXPECT_THAT(store().Loads(kMany)->tenants, ElementsAre(HasTurn("film", 1), HasTurn("press", 1)));
  EXPECT_EQ(Claim().job_id, "a");
  EXPECT_THAT(store().Loads(kMany)->tenants, ElementsAre(HasTurn("film", std::nullopt), HasTurn("press", 1)));
}

TEST_P(JobStoreConformance, SaysWhatIsUsedOfALimitedDay) {
  LimitFilm(R"({"device_seconds_a_day": 10})");
  Create(JobOf("press", "a"));
  Create(JobOf("film", "b"));
  JobCompleted completed = TestCompleted();
  completed.usage.worked = absl::Milliseconds(2500);
  EXPECT_EQ(Claim().job_id, "a");
  ASSERT_THAT(store().Finish(Claim(), completed), IsOk());
  Create(JobOf("film", "c", 3));
  ASSERT_OK_AND_ASSIGN(const TenantLoads loads, store().Loads(kMany));
  ASSERT_THAT(loads.tenants, ElementsAre(Named("film"), Named("press")));
  ASSERT_TRUE(loads.tenants[0].device_seconds.has_value());
  EXPECT_EQ(loads.tenants[0].device_seconds->name, "device_seconds_a_day");
  EXPECT_EQ(loads.tenants[0].device_seconds->limit, 10);
  EXPECT_EQ(loads.tenants[0].device_seconds->used, 6);  // 2.5 that it has had, and 3 predicted, in whole seconds
  EXPECT_FALSE(loads.tenants[1].device_seconds.has_value());
  Pass(absl::Hours(24));
  EXPECT_EQ(store().Loads(kMany)->tenants[0].device_seconds->used, 3);
}

}  // namespace
}  // namespace ruyi
