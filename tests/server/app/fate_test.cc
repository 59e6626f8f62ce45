#include "server/app/fate.h"

#include <gtest/gtest.h>

#include <functional>
#include <thread>

#include "server/app/log.h"
#include "tests/server/counter.h"

namespace ruyi {
namespace {

class FateTest : public testing::Test {
 protected:
  FateTest() { SetLogLevel("error"); }

  // Await has not returned, and returns after `end`.
  void ExpectThatItEnds(const std::function<void()>& end) {
    Counter ended;
    std::thread waiting([&] {
      fate_.Await();
      ended.Increment();
    });
    EXPECT_EQ(ended.value(), 0);
    end();
    EXPECT_TRUE(ended.Await(1));
    waiting.join();
  }

  Fate fate_;
};

TEST_F(FateTest, ASignalEndsWithZero) {
  fate_.OnLoaded(absl::OkStatus());
  ExpectThatItEnds([&] { EXPECT_EQ(fate_.OnSignal(15), 1); });
  EXPECT_EQ(fate_.exit_code(), 0);
  EXPECT_EQ(fate_.OnSignal(15), 2);
}

TEST_F(FateTest, AModelThatCannotBeLoadedEndsWithOne) {
  ExpectThatItEnds([&] { fate_.OnLoaded(absl::DataLossError("no weights")); });
  EXPECT_EQ(fate_.exit_code(), 1);
  EXPECT_FALSE(fate_.worker_lost());
}

TEST_F(FateTest, ALostWorkerEndsWithThree) {
  fate_.OnLoaded(absl::OkStatus());
  ExpectThatItEnds([&] { fate_.OnWorkerLost(absl::InternalError("the GPU is gone")); });
  EXPECT_EQ(fate_.exit_code(), 3);
  EXPECT_TRUE(fate_.worker_lost());
}

TEST_F(FateTest, AWorkerThatIsLostAfterTheSignalCountsMore) {
  fate_.OnSignal(15);
  EXPECT_EQ(fate_.exit_code(), 0);
  fate_.OnWorkerLost(absl::InternalError("the GPU is gone"));
  EXPECT_EQ(fate_.exit_code(), 3);
}

}  // namespace
}  // namespace ruyi
