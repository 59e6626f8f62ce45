#include "core/base/change_hub.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

namespace ruyi {
namespace {

TEST(ChangeHub, CallsTheListenersOfAName) {
  ChangeHub hub;
  int of_a = 0;
  int of_b = 0;
  int of_all = 0;
  const auto a = hub.Subscribe("a", [&] { ++of_a; });
  const auto b = hub.Subscribe("b", [&] { ++of_b; });
  const auto all = hub.Subscribe("", [&] { ++of_all; });
  hub.Notify("a");
  hub.Notify("c");
  EXPECT_EQ(of_a, 1);
  EXPECT_EQ(of_b, 0);
  EXPECT_EQ(of_all, 2);
}

TEST(ChangeHub, CallsNobodyAfterTheEndOfASubscription) {
  ChangeHub hub;
  int first = 0;
  int second = 0;
  auto ended = hub.Subscribe("a", [&] { ++first; });
  const auto going_on = hub.Subscribe("a", [&] { ++second; });
  ended.reset();
  hub.Notify("a");
  EXPECT_EQ(first, 0);
  EXPECT_EQ(second, 1);
}

TEST(ChangeHub, CallsEveryListenerOnceWhenAnythingMayHaveChanged) {
  ChangeHub hub;
  int calls = 0;
  const auto a = hub.Subscribe("a", [&] { ++calls; });
  const auto b = hub.Subscribe("b", [&] { ++calls; });
  const auto all = hub.Subscribe("", [&] { ++calls; });
  hub.NotifyAll();
  EXPECT_EQ(calls, 3);
}

TEST(ChangeHub, AListenerMaySubscribe) {
  ChangeHub hub;
  std::unique_ptr<Subscription> inner;
  int calls = 0;
  const auto outer = hub.Subscribe("a", [&] {
    if (inner == nullptr)
      inner = hub.Subscribe("a", [&] { ++calls; });
  });
  hub.Notify("a");
  hub.Notify("a");
  EXPECT_EQ(calls, 1);
}

// The end of a subscription waits for a call that is under way.
TEST(ChangeHub, EndsSubscriptionsWhileOthersNotify) {
  ChangeHub hub;
  std::atomic<bool> is_over = false;
  std::vector<std::thread> notifiers;
  for (int i = 0; i < 2; ++i) {
    notifiers.emplace_back([&] {
      while (!is_over)
        hub.Notify("a");
    });
  }
  for (int i = 0; i < 1000; ++i) {
    auto alive = std::make_unique<int>(0);
    auto subscription = hub.Subscribe("a", [counter = alive.get()] { ++*counter; });
    subscription.reset();
    alive.reset();  // a later call would write into freed memory
  }
  is_over = true;
  for (std::thread& notifier : notifiers)
    notifier.join();
}

}  // namespace
}  // namespace ruyi
