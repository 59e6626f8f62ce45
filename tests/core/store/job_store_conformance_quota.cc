// What a JobStore does about the quotas of tenants: core/quota.
#include "tests/core/store/job_store_conformance.h"

namespace ruyi {
namespace {

using testing::Pair;
using testing::UnorderedElementsAre;

NewJob JobOf(const std::string& tenant, const std::string& id, double seconds = 2) {
  NewJob job = TestNewJob(id);
  job.ticket.tenant = tenant;
  job.advice.prediction.Of(Stage::kDenoise).seconds = seconds;
  return job;
}

MATCHER_P(IsQuotaExceeded, name, "says that the quota is used up") {
  return testing::ExplainMatchResult(
             testing::AllOf(StatusIs(absl::StatusCode::kResourceExhausted), HasReason("QUOTA_EXCEEDED")), StatusOf(arg),
             result_listener) &&
         GetErrorInfo(StatusOf(arg)).metadata.at("quota") == name;
}

JobEvent CompletedAfter(absl::Duration worked) {
  JobCompleted completed = TestCompleted();
  completed.usage.worked = worked;
  return completed;
}

TEST_P(JobStoreConformance, ATenantHasNoMoreWaitingJobsThanItsQuota) {
  LimitFilm(R"({"waiting": 2})");
  Create(JobOf("film", "a"));
  Create(JobOf("film", "b"));
  EXPECT_THAT(store().CheckQuota("film"), IsQuotaExceeded("waiting"));
  const absl::StatusOr<CreatedJob> refused = store().Create(JobOf("film", "c"));
  EXPECT_THAT(refused, IsQuotaExceeded("waiting"));
  const ErrorInfo info = GetErrorInfo(refused.status());
  EXPECT_THAT(info.metadata, UnorderedElementsAre(Pair("quota", "waiting"), Pair("limit", "2"), Pair("used", "2")));
  EXPECT_TRUE(info.retry_delay.has_value());
  ASSERT_EQ(info.unmet_preconditions.size(), 1u);
  EXPECT_EQ(info.unmet_preconditions[0].subject, "tenant:film");
  Create(JobOf("press", "d"));  // another tenant
  EXPECT_THAT(store().CheckQuota("press"), IsOk());
  EXPECT_EQ(Claim().job_id, "a");
  EXPECT_THAT(store().CheckQuota("film"), IsOk());
  Create(JobOf("film", "c"));
}

TEST_P(JobStoreConformance, AKnownRequestIsNoNewJob) {
  LimitFilm(R"({"waiting": 1})");
  NewJob job = TestRequest("a", "request");
  job.ticket.tenant = "film";
  Create(job);
  job.ticket.id = "again";
  EXPECT_EQ(store().Create(job)->record.ticket.id, "a");
}

TEST_P(JobStoreConformance, ATenantRunsNoMoreJobsThanItsQuotaAndOthersGoFirst) {
  LimitFilm(R"({"running": 1})");
  for (const char* id : {"a", "b"})
    Create(JobOf("film", id));
  Create(JobOf("press", "c"));
  const Lease first = Claim();
  EXPECT_EQ(first.job_id, "a");
  EXPECT_EQ(Claim().job_id, "c");
  EXPECT_EQ(*store().Claim("worker", kLease), std::nullopt);
  ASSERT_THAT(store().Finish(first, TestCompleted()), IsOk());
  EXPECT_EQ(Claim().job_id, "b");
}

TEST_P(JobStoreConformance, WhatWasPredictedCountsUntilTheJobHasEndedAndThenWhatItTook) {
  LimitFilm(R"({"device_seconds_a_day": 10})");
  Create(JobOf("film", "a", 6));
  EXPECT_THAT(store().Create(JobOf("film", "b", 5)), IsQuotaExceeded("device_seconds_a_day"));
  EXPECT_THAT(store().CheckQuota("film"), IsOk());  // a shorter one would do
  ASSERT_THAT(store().Finish(Claim(), CompletedAfter(absl::Seconds(3))), IsOk());
  Create(JobOf("film", "b", 7));
  EXPECT_THAT(store().CheckQuota("film"), IsQuotaExceeded("device_seconds_a_day"));
  EXPECT_THAT(store().Create(JobOf("film", "c", 1)), IsQuotaExceeded("device_seconds_a_day"));
}

TEST_P(JobStoreConformance, ANewDayBringsNewDeviceTime) {
  LimitFilm(R"({"device_seconds_a_day": 10})");
  Create(JobOf("film", "a", 10));
  ASSERT_THAT(store().Finish(Claim(), CompletedAfter(absl::Seconds(10))), IsOk());
  const absl::Status refused = store().CheckQuota("film");
  EXPECT_THAT(refused, IsQuotaExceeded("device_seconds_a_day"));
  const absl::Duration left = *GetErrorInfo(refused).retry_delay;
  EXPECT_LE(left, absl::Hours(24));
  Pass(left);
  EXPECT_THAT(store().CheckQuota("film"), IsOk());
}

TEST_P(JobStoreConformance, AJobThatFailedOrWasCancelledCostsWhatItHasHad) {
  LimitFilm(R"({"device_seconds_a_day": 10})");
  Create(JobOf("film", "waits", 9));
  ASSERT_THAT(store().Cancel("waits", absl::CancelledError("no")), IsOk());
  EXPECT_THAT(store().CheckQuota("film"), IsOk());
  Create(JobOf("film", "fails", 9));
  const Lease lease = Claim();
  ASSERT_THAT(store().Append(lease, JobStarted{.worker = "w", .attempt = 1, .placement = lease.record.placement}),
              IsOk());
  Pass(absl::Seconds(4));
  ASSERT_THAT(store().Finish(lease, JobFailed{absl::InternalError("broken")}), IsOk());
  EXPECT_THAT(store().Create(JobOf("film", "next", 7)), IsQuotaExceeded("device_seconds_a_day"));
  EXPECT_THAT(store().Create(JobOf("film", "next", 6)), IsOk());
}

TEST_P(JobStoreConformance, UploadsCountByDay) {
  LimitFilm(R"({"upload_bytes_a_day": 100})");
  EXPECT_THAT(store().ChargeUpload("film", 60), IsOk());
  const absl::Status refused = store().ChargeUpload("film", 41);
  EXPECT_THAT(refused, IsQuotaExceeded("upload_bytes_a_day"));
  EXPECT_THAT(store().ChargeUpload("film", 40), IsOk());
  EXPECT_THAT(store().ChargeUpload("press", 1000), IsOk());
  Pass(*GetErrorInfo(refused).retry_delay);
  EXPECT_THAT(store().ChargeUpload("film", 100), IsOk());
}

TEST_P(JobStoreConformance, WhatWasUsedOutlivesTheProcess) {
  if (!place_->IsLasting())
    GTEST_SKIP() << "this store ends with its process";
  LimitFilm(R"({"upload_bytes_a_day": 100})");
  ASSERT_THAT(store().ChargeUpload("film", 60), IsOk());
  Reopen();
  ASSERT_THAT(store().Sweep(), IsOk());
  EXPECT_THAT(store().ChargeUpload("film", 60), IsQuotaExceeded("upload_bytes_a_day"));
}

TEST_P(JobStoreConformance, WithoutQuotasNobodyIsLimited) {
  EXPECT_THAT(store().CheckQuota("film"), IsOk());
  EXPECT_THAT(store().ChargeUpload("film", int64_t{1} << 50), IsOk());
}

}  // namespace
}  // namespace ruyi
