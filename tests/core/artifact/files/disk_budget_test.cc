#include "core/artifact/files/disk_budget.h"

#include <gtest/gtest.h>

#include <optional>

#include "tests/support/status_matchers.h"
#include "tests/support/temporary_folder.h"

namespace ruyi {
namespace {

absl::StatusOr<int64_t> FindSeven() {
  return 7;
}

TEST(DiskBudget, CountsUpToItsLimit) {
  const TemporaryFolder folder;
  DiskBudget budget(folder.path(), {.max_bytes = 10});
  ASSERT_THAT(budget.Reserve(10), IsOk());
  EXPECT_THAT(budget.Reserve(1), HasReason("DISK_FULL"));
  EXPECT_THAT(budget.Reserve(0), IsOk());
  budget.Release(4);
  EXPECT_EQ(budget.used_bytes(), 6);
  EXPECT_THAT(budget.Reserve(4), IsOk());
}

TEST(DiskBudget, CannotLookAtADiskThatIsGone) {
  DiskBudget budget("nowhere", {.min_free_bytes = 1});
  EXPECT_THAT(budget.Reserve(1), StatusIs(absl::StatusCode::kInternal));
}

TEST(DiskBudget, BelievesWhatIsFoundUnlessBytesAreBeingWritten) {
  DiskBudget budget("", {});
  auto writing = std::make_optional<DiskBudget::Writing>(budget);
  ASSERT_THAT(budget.Reserve(3), IsOk());
  ASSERT_THAT(budget.Recount(&FindSeven), IsOk());
  EXPECT_EQ(budget.used_bytes(), 3);
  writing.reset();
  ASSERT_THAT(budget.Recount(&FindSeven), IsOk());
  EXPECT_EQ(budget.used_bytes(), 7);
}

TEST(DiskBudget, DoesNotBelieveWhatIsFoundWhileItChanges) {
  DiskBudget budget("", {});
  const auto find_and_change = [&budget]() -> absl::StatusOr<int64_t> {
    EXPECT_THAT(budget.Reserve(3), IsOk());
    return 7;
  };
  ASSERT_THAT(budget.Recount(find_and_change), IsOk());
  EXPECT_EQ(budget.used_bytes(), 3);
}

}  // namespace
}  // namespace ruyi
