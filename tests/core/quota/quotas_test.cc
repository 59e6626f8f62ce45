#include "core/quota/quotas.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "core/base/error_info.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_folder.h"

namespace ruyi {
namespace {

using testing::HasSubstr;

class QuotasTest : public testing::Test {
 protected:
  absl::Status Read(const std::string& text) {
    std::ofstream(path_) << text;
    return quotas_.Reload();
  }

  const TemporaryFolder folder_;
  const std::filesystem::path path_ = folder_.path() / "quotas.json";
  Quotas quotas_{path_};
};

TEST_F(QuotasTest, LimitsNobodyAtFirst) {
  EXPECT_EQ(quotas_.Of("film").running, std::nullopt);
  EXPECT_FALSE(quotas_.Of("film").LimitsJobs());
}

TEST_F(QuotasTest, ATenantHasItsOwnAndForTheRestTheDefault) {
  ASSERT_THAT(Read(R"({"default": {"running": 2, "waiting": 9, "watchers": 5},
                       "tenants": {"film": {"running": 7, "device_seconds_a_day": 60, "upload_bytes_a_day": 0}}})"),
              IsOk());
  EXPECT_EQ(quotas_.Of("press").running, 2);
  EXPECT_EQ(quotas_.Of("press").upload_bytes_a_day, std::nullopt);
  const TenantQuota film = quotas_.Of("film");
  EXPECT_EQ(film.running, 7);
  EXPECT_EQ(film.waiting, 9);
  EXPECT_EQ(film.watchers, 5);
  EXPECT_EQ(film.device_seconds_a_day, 60);
  EXPECT_EQ(film.upload_bytes_a_day, 0);
  EXPECT_TRUE(film.LimitsJobs());
}

TEST_F(QuotasTest, AWrongFileChangesNothingAndTheFieldIsNamed) {
  ASSERT_THAT(Read(R"({"default": {"running": 2}})"), IsOk());
  const std::pair<const char*, const char*> wrong[] = {
      {R"({"tenants": {"film": {"runing": 1}}})", "tenants.film.runing"},
      {R"({"default": {"waiting": -1}})", "default.waiting"},
      {R"({"default": {"watchers": 1.5}})", "default.watchers"},
      {R"({"default": {"watchers": "3"}})", "default.watchers"},
      {R"({"default": 3})", "default"},
      {R"({"tenants": []})", "tenants"},
      {R"({"tenant": {}})", "'tenant'"}};
  for (const auto& [text, named] : wrong)
    EXPECT_THAT(Read(text), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr(named))) << text;
  EXPECT_THAT(Read("{"), StatusIs(absl::StatusCode::kDataLoss));
  std::filesystem::remove(path_);
  EXPECT_THAT(quotas_.Reload(), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_EQ(quotas_.Of("film").running, 2);
}

TEST(TenantQuota, ARefusalSaysWhichQuotaAndHowMuchIsUsed) {
  const absl::Status status =
      QuotaExceeded("film", {.name = "waiting", .limit = 3, .used = 4}, "videos that wait", absl::Seconds(5));
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kResourceExhausted,
                               HasSubstr("videos that wait: 4 of 3, and this would add 1; ")));
  const ErrorInfo info = GetErrorInfo(status);
  EXPECT_EQ(info.reason, "QUOTA_EXCEEDED");
  EXPECT_EQ(info.metadata.at("used"), "4");
  EXPECT_EQ(info.unmet_preconditions.at(0).subject, "tenant:film");
  EXPECT_EQ(info.retry_delay, absl::Seconds(5));
}

TEST(TenantQuota, ARefusalSaysTimesAsPeopleDoAndNumbersForPrograms) {
  const absl::Status status = QuotaExceeded(
      "film", {.name = "device_seconds_a_day", .limit = 172'800, .used = 9'038, .wanted = 7'200, .is_time = true},
      "time of devices on this day", absl::Seconds(9'037.59));
  EXPECT_THAT(status,
              StatusIs(absl::StatusCode::kResourceExhausted,
                       "tenant 'film' may have no more of what its quota device_seconds_a_day counts: time of devices "
                       "on this day: 2 h 31 min of 2 d, and this would add 2 h; send the request again in 2 h 31 min"));
  EXPECT_EQ(GetErrorInfo(status).metadata.at("limit"), "172800");
  EXPECT_EQ(GetErrorInfo(status).metadata.at("used"), "9038");
}

TEST(TenantQuota, WhatNeverFitsIsNotToBeSentAgain) {
  const absl::Status status =
      QuotaExceeded("film", {.name = "upload_bytes_a_day", .limit = 10, .used = 0, .wanted = 11},
                    "bytes uploaded on this day", absl::Hours(3));
  EXPECT_THAT(status,
              StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("0 of 10, and this would add 11; no waiting")));
  EXPECT_EQ(GetErrorInfo(status).retry_delay, std::nullopt);
  const absl::Status never =
      QuotaExceeded("film", {.name = "device_seconds_a_day", .wanted = 0, .is_time = true}, "time", absl::Hours(3));
  EXPECT_THAT(never, StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("time: 0 s of 0 s; no waiting")));
  EXPECT_EQ(GetErrorInfo(never).retry_delay, std::nullopt);
}

TEST(TenantQuota, DaysAreThoseOfUtc) {
  const absl::Time noon = absl::FromCivil(absl::CivilHour(2026, 11, 28, 12), absl::UTCTimeZone());
  EXPECT_EQ(DayOf(noon), DayOf(noon + absl::Hours(12) - absl::Nanoseconds(1)));
  EXPECT_EQ(DayOf(noon) + 1, DayOf(noon + absl::Hours(12)));
  EXPECT_EQ(UntilNextDay(noon), absl::Hours(12));
}

}  // namespace
}  // namespace ruyi
