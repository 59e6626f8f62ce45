#include "server/service/task_pool.h"

#include <gtest/gtest.h>

#include <optional>

#include "tests/server/counter.h"
#include "tests/server/gate.h"

namespace ruyi {
namespace {

TEST(TaskPool, RunsTasks) {
  Counter done;
  TaskPool pool(2, 10);
  for (int i = 0; i < 10; ++i)
    EXPECT_TRUE(pool.TryRun([&] { done.Increment(); }));
  EXPECT_TRUE(done.Await(10));
}

TEST(TaskPool, RunsAsManyTasksAtOnceAsItHasThreads) {
  Gate first;
  Gate second;
  TaskPool pool(2, 10);
  EXPECT_TRUE(pool.TryRun([&] { first.Pass(); }));
  EXPECT_TRUE(pool.TryRun([&] { second.Pass(); }));
  EXPECT_TRUE(first.AwaitReached());
  EXPECT_TRUE(second.AwaitReached());
  first.Open();
  second.Open();
}

TEST(TaskPool, RefusesWhenTooManyWait) {
  Gate gate;
  Counter done;
  TaskPool pool(1, 2);
  EXPECT_TRUE(pool.TryRun([&] { gate.Pass(); }));
  EXPECT_TRUE(gate.AwaitReached());
  EXPECT_TRUE(pool.TryRun([&] { done.Increment(); }));
  EXPECT_TRUE(pool.TryRun([&] { done.Increment(); }));
  EXPECT_FALSE(pool.TryRun([&] { done.Increment(); }));
  gate.Open();
  EXPECT_TRUE(done.Await(2));
  EXPECT_TRUE(pool.TryRun([&] { done.Increment(); }));
  EXPECT_TRUE(done.Await(3));
}

TEST(TaskPool, RunsWhatWaitsBeforeItEnds) {
  Gate gate;
  Counter done;
  std::optional<TaskPool> pool(std::in_place, 1, 10);
  EXPECT_TRUE(pool->TryRun([&] { gate.Pass(); }));
  EXPECT_TRUE(gate.AwaitReached());
  for (int i = 0; i < 5; ++i)
    EXPECT_TRUE(pool->TryRun([&] { done.Increment(); }));
  gate.Open();
  pool.reset();
  EXPECT_EQ(done.value(), 5);
}

}  // namespace
}  // namespace ruyi
