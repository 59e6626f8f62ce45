#include "server/app/process_end.h"

#include <gtest/gtest.h>

#include <functional>
#include <thread>

#include "server/app/log.h"
#include "tests/server/counter.h"

namespace ruyi {
namespace {

class ProcessEndTest : public testing::Test {
 protected:
  ProcessEndTest() { SetLogLevel("error"); }

  // Await has not returned, and returns after `end`.
  void ExpectThatItEnds(const std::function<void()>& end) {
    Counter ended;
    std::thread waiting([&] {
      end_.Await();
      ended.Increment();
    });
    EXPECT_EQ(ended.value(), 0);
    end();
    EXPECT_TRUE(ended.Await(1));
    waiting.join();
  }

  ProcessEnd end_;
};

TEST_F(ProcessEndTest, ADrainEndsWithZeroAndWithItsPatience) {
  end_.OnLoaded(absl::OkStatus());
  EXPECT_EQ(end_.PatienceOr(absl::Seconds(30)), absl::Seconds(30));
  ExpectThatItEnds([&] { end_.OnDrain(absl::Seconds(7)); });
  end_.OnDrain(absl::ZeroDuration());
  EXPECT_EQ(end_.exit_code(), 0);
  EXPECT_EQ(end_.PatienceOr(absl::Seconds(30)), absl::Seconds(7));
  end_.OnWorkerLost(absl::InternalError("broken"));
  EXPECT_EQ(end_.PatienceOr(absl::Seconds(30)), absl::ZeroDuration());
}

TEST_F(ProcessEndTest, ASignalEndsWithZero) {
  end_.OnLoaded(absl::OkStatus());
  ExpectThatItEnds([&] { EXPECT_EQ(end_.OnSignal(15), 1); });
  EXPECT_EQ(end_.exit_code(), 0);
  EXPECT_EQ(end_.OnSignal(15), 2);
}

TEST_F(ProcessEndTest, AModelThatCannotBeLoadedEndsWithOne) {
  ExpectThatItEnds([&] { end_.OnLoaded(absl::DataLossError("no weights")); });
  EXPECT_EQ(end_.exit_code(), 1);
  EXPECT_FALSE(end_.worker_lost());
}

TEST_F(ProcessEndTest, ALostWorkerEndsWithThree) {
  end_.OnLoaded(absl::OkStatus());
  ExpectThatItEnds([&] { end_.OnWorkerLost(absl::InternalError("the GPU is gone")); });
  EXPECT_EQ(end_.exit_code(), 3);
  EXPECT_TRUE(end_.worker_lost());
}

TEST_F(ProcessEndTest, AWorkerThatIsLostAfterTheSignalCountsMore) {
  end_.OnSignal(15);
  EXPECT_EQ(end_.exit_code(), 0);
  end_.OnWorkerLost(absl::InternalError("the GPU is gone"));
  EXPECT_EQ(end_.exit_code(), 3);
}

}  // namespace
}  // namespace ruyi
