#include "core/store/sqlite/group_commit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "absl/strings/str_cat.h"
#include "core/store/memory/memory_job_table.h"
#include "tests/support/status_matchers.h"

namespace ruyi {
namespace {

TEST(GroupCommitTest, EachChangeIsMadeOnceAndGetsItsOwnResult) {
  MemoryJobTable table;
  std::atomic<int> writers = 0;
  GroupCommit commit([&](const GroupCommit::Group& group) {
    EXPECT_EQ(++writers, 1);
    EXPECT_FALSE(group.empty());
    for (PendingChange* pending : group)
      pending->result = pending->change(table);
    --writers;
  });
  std::vector<int> made(8 * 50);
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 8; ++thread) {
    threads.emplace_back([&, thread] {
      for (int i = thread; i < static_cast<int>(made.size()); i += 8) {
        const auto change = [&](JobTable&) {
          ++made[i];
          return absl::AbortedError(absl::StrCat(i));
        };
        PendingChange pending = {.change = change};
        EXPECT_EQ(commit.Run(pending), absl::AbortedError(absl::StrCat(i)));
      }
    });
  }
  for (std::thread& thread : threads)
    thread.join();
  EXPECT_THAT(made, testing::Each(1));
}

}  // namespace
}  // namespace ruyi
