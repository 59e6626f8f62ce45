#include "server/app/ticker.h"

#include <gtest/gtest.h>

#include "tests/server/counter.h"

namespace ruyi {
namespace {

TEST(Ticker, TicksAgainAndAgain) {
  Counter ticks;
  const Ticker ticker(absl::Milliseconds(1), [&] { ticks.Increment(); });
  EXPECT_TRUE(ticks.Await(3));
}

TEST(Ticker, EndsWithoutWaitingForTheNextTick) {
  Counter ticks;
  {
    const Ticker ticker(absl::Hours(1), [&] { ticks.Increment(); });
  }
  EXPECT_EQ(ticks.value(), 0);
}

}  // namespace
}  // namespace ruyi
