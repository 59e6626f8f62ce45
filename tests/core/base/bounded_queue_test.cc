#include "core/base/bounded_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <thread>
#include <vector>

namespace ruyi {
namespace {

using testing::Optional;
using testing::Pointee;

TEST(BoundedQueue, GivesItemsOutInTheirOrder) {
  BoundedQueue<int> queue(3);
  for (int i = 1; i <= 3; ++i)
    EXPECT_TRUE(queue.TryPush(int{i}));
  for (int i = 1; i <= 3; ++i)
    EXPECT_THAT(queue.Pop(), Optional(i));
}

TEST(BoundedQueue, RefusesMoreThanItsCapacityAndLeavesTheItem) {
  BoundedQueue<std::unique_ptr<int>> queue(1);
  auto first = std::make_unique<int>(1);
  auto second = std::make_unique<int>(2);
  EXPECT_TRUE(queue.TryPush(std::move(first)));
  EXPECT_FALSE(queue.TryPush(std::move(second)));
  EXPECT_THAT(second, Pointee(2));  // NOLINT(bugprone-use-after-move)
}

TEST(BoundedQueue, TakesAnItemAgainOnceOneWasPopped) {
  BoundedQueue<int> queue(1);
  EXPECT_TRUE(queue.TryPush(1));
  EXPECT_THAT(queue.Pop(), Optional(1));
  EXPECT_TRUE(queue.TryPush(2));
}

TEST(BoundedQueue, RefusesEverythingWithACapacityOfZero) {
  BoundedQueue<int> queue(0);
  EXPECT_FALSE(queue.TryPush(1));
}

TEST(BoundedQueue, RefusesItemsOnceClosedAndGivesOutTheRest) {
  BoundedQueue<int> queue(2);
  EXPECT_TRUE(queue.TryPush(1));
  queue.Close();
  EXPECT_FALSE(queue.TryPush(2));
  EXPECT_THAT(queue.Pop(), Optional(1));
  EXPECT_EQ(queue.Pop(), std::nullopt);
}

TEST(BoundedQueue, WakesAWaitingThreadWhenItCloses) {
  BoundedQueue<int> queue(1);
  std::optional<int> popped = 1;
  std::thread consumer([&] { popped = queue.Pop(); });
  queue.Close();
  consumer.join();
  EXPECT_EQ(popped, std::nullopt);
}

TEST(BoundedQueue, PassesEveryItemFromOneThreadToAnother) {
  constexpr int kItems = 10'000;
  BoundedQueue<int> queue(4);
  std::vector<int> received;
  std::thread consumer([&] {
    while (const std::optional<int> item = queue.Pop())
      received.push_back(*item);
  });
  for (int i = 0; i < kItems; ++i) {
    while (!queue.TryPush(int{i}))
      std::this_thread::yield();
  }
  queue.Close();
  consumer.join();
  ASSERT_EQ(received.size(), kItems);
  for (int i = 0; i < kItems; ++i)
    ASSERT_EQ(received[i], i);
}

}  // namespace
}  // namespace ruyi
