#include "core/reader/log_cursor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/store/memory/memory_job_store.h"
#include "tests/core/store/test_jobs.h"
#include "tests/support/fake_clock.h"
#include "tests/support/status_matchers.h"

namespace ruyi {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class LogCursorTest : public testing::Test {
 protected:
  LogCursorTest() : jobs_(JobStoreOptions(), clock_) {
    EXPECT_THAT(jobs_.Create(TestNewJob("job")), IsOk());
    lease_ = **jobs_.Claim("worker", absl::Minutes(1));
  }

  void Append(JobEvent event) { EXPECT_THAT(jobs_.Append(lease_, std::move(event)), IsOk()); }

  // The numbers of all entries that the cursor gives now.
  static std::vector<int64_t> Drain(LogCursor& cursor) {
    std::vector<int64_t> numbers;
    while (true) {
      const absl::StatusOr<std::optional<LoggedEvent>> event = cursor.Next();
      EXPECT_THAT(event, IsOk());
      if (!event.ok() || !event->has_value())
        return numbers;
      numbers.push_back((*event)->seq);
    }
  }

  FakeClock clock_;
  MemoryJobStore jobs_;
  Lease lease_;
};

TEST_F(LogCursorTest, GivesEntriesInOrder) {
  Append(JobStarted{.worker = "worker"});
  LogCursor cursor(jobs_, "job", 0);
  EXPECT_THAT(Drain(cursor), ElementsAre(1, 2, 3));  // accepted, queued, started
  EXPECT_FALSE(cursor.done());
}

TEST_F(LogCursorTest, GoesOnWhenThereIsMore) {
  LogCursor cursor(jobs_, "job", 0);
  EXPECT_THAT(Drain(cursor), ElementsAre(1, 2));
  EXPECT_THAT(Drain(cursor), IsEmpty());
  Append(TestProgress(1));
  EXPECT_THAT(Drain(cursor), ElementsAre(3));
}

TEST_F(LogCursorTest, BeginsBehindAnEntry) {
  Append(TestProgress(1));
  LogCursor cursor(jobs_, "job", 2);
  EXPECT_THAT(Drain(cursor), ElementsAre(3));
}

TEST_F(LogCursorTest, LeavesOutProgressThatLaterProgressReplaces) {
  Append(TestProgress(0));
  Append(TestProgress(1));
  Append(JobPreview{.step = 1});
  Append(JobRetry{});
  Append(TestProgress(2));
  Append(JobPreview{.step = 2});
  LogCursor cursor(jobs_, "job", 2);
  EXPECT_THAT(Drain(cursor), ElementsAre(6, 7, 8));
}

// A reader that was away for long: more than one read of the store.
TEST_F(LogCursorTest, GivesTheLastOfALongLog) {
  constexpr int kEntries = 300;
  for (int i = 0; i < kEntries; ++i)
    Append(TestProgress(i));
  LogCursor cursor(jobs_, "job", 0);
  const std::vector<int64_t> numbers = Drain(cursor);
  EXPECT_LT(numbers.size(), 20u);
  EXPECT_EQ(numbers.back(), 2 + kEntries);
}

TEST_F(LogCursorTest, IsDoneAfterTheLastEntry) {
  ASSERT_THAT(jobs_.Finish(lease_, TestCompleted()), IsOk());
  LogCursor cursor(jobs_, "job", 0);
  EXPECT_THAT(Drain(cursor), ElementsAre(1, 2, 3));
  EXPECT_TRUE(cursor.done());
  EXPECT_THAT(Drain(cursor), IsEmpty());
}

TEST_F(LogCursorTest, EndsWithTheJob) {
  ASSERT_THAT(jobs_.Finish(lease_, TestCompleted()), IsOk());
  LogCursor cursor(jobs_, "job", 0);
  ASSERT_THAT(jobs_.Delete("job"), IsOk());
  EXPECT_THAT(cursor.Next(), StatusIs(absl::StatusCode::kNotFound));
}

}  // namespace
}  // namespace ruyi
