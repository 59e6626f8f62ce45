#include "server/service/message_budget.h"

#include <gtest/gtest.h>

#include <optional>
#include <utility>

namespace ruyi {
namespace {

TEST(MessageBudget, GivesWhatItHas) {
  MessageBudget budget(10);
  const MessageBudget::Share all = budget.Take(10);
  EXPECT_TRUE(all);
  EXPECT_FALSE(budget.Take(1));
  EXPECT_TRUE(budget.Take(0));
}

TEST(MessageBudget, GetsSharesBack) {
  MessageBudget budget(10);
  std::optional<MessageBudget::Share> first = budget.Take(6);
  MessageBudget::Share second = budget.Take(4);
  first.reset();
  EXPECT_FALSE(budget.Take(7));
  EXPECT_TRUE(budget.Take(6));
  second = MessageBudget::Share();
  EXPECT_TRUE(budget.Take(10));
}

TEST(MessageBudget, ARefusedShareTakesNothing) {
  MessageBudget budget(10);
  EXPECT_FALSE(budget.Take(11));
  EXPECT_TRUE(budget.Take(10));
}

TEST(MessageBudget, AMovedShareGoesBackOnce) {
  MessageBudget budget(10);
  MessageBudget::Share first = budget.Take(10);
  {
    const MessageBudget::Share moved = std::move(first);
    EXPECT_FALSE(budget.Take(1));
  }
  const MessageBudget::Share again = budget.Take(10);
  EXPECT_TRUE(again);
  EXPECT_FALSE(budget.Take(1));
}

}  // namespace
}  // namespace ruyi
