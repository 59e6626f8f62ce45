#include "core/store/postgres/postgres_status.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/status_matchers.h"

namespace ruyi {
namespace {

using testing::HasSubstr;

TEST(StatusOfPostgres, WhatMayComeBackIsUnavailable) {
  for (const char* sqlstate : {"57P01", "57P03", "08006", "53300", "25006", "40001", "40P01", "55P03", "57014"}) {
    const absl::Status status = StatusOfPostgres(sqlstate, "host:1/db", "gone\n");
    EXPECT_THAT(status, StatusIs(absl::StatusCode::kUnavailable, HasSubstr("host:1/db cannot be asked: gone;")))
        << sqlstate;
    EXPECT_THAT(status, HasReason("STORE_UNAVAILABLE"));
    EXPECT_TRUE(GetErrorInfo(status).retry_delay.has_value());
  }
}

TEST(StatusOfPostgres, AFullDiskIsExhausted) {
  const absl::Status status = StatusOfPostgres("53100", "host:1/db", "no space left");
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_THAT(status, HasReason("DISK_FULL"));
}

TEST(StatusOfPostgres, DamageIsDataLoss) {
  EXPECT_THAT(StatusOfPostgres("XX001", "db", "bad page"), StatusIs(absl::StatusCode::kDataLoss));
}

TEST(StatusOfPostgres, ATextThatCannotBeKeptIsAnArgument) {
  EXPECT_THAT(StatusOfPostgres("22021", "db", "0x00"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("0x00; send Unicode")));
}

TEST(StatusOfPostgres, MissingRightsAreAPrecondition) {
  EXPECT_THAT(StatusOfPostgres("42501", "db", "denied"), StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST(StatusOfPostgres, AllElseIsInternalWithItsCode) {
  EXPECT_THAT(StatusOfPostgres("42601", "db", "syntax"), StatusIs(absl::StatusCode::kInternal, HasSubstr("42601")));
  EXPECT_THAT(StatusOfPostgres("XX000", "db", "odd"), StatusIs(absl::StatusCode::kInternal));
}

TEST(StatusOfPostgres, OnlyConflictsAreTriedAgain) {
  for (const char* sqlstate : {"40001", "40P01", "23505"})
    EXPECT_TRUE(IsConflict(sqlstate)) << sqlstate;
  EXPECT_FALSE(IsConflict("42601"));
  EXPECT_FALSE(IsConflict(""));
}

}  // namespace
}  // namespace ruyi
