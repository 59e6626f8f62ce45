#include "core/base/wake_up.h"

#include <gtest/gtest.h>

#include <thread>

namespace ruyi {
namespace {

TEST(WakeUp, EndsAWait) {
  WakeUp wake_up;
  std::thread waiter([&] { wake_up.Wait(absl::Hours(1)); });
  wake_up.Wake();
  waiter.join();
}

TEST(WakeUp, IsNotLostWhenNobodyWaits) {
  WakeUp wake_up;
  wake_up.Wake();
  wake_up.Wait(absl::Hours(1));
}

TEST(WakeUp, WaitsNoLongerThanItsTime) {
  WakeUp wake_up;
  wake_up.Wake();
  wake_up.Wait(absl::Hours(1));  // takes the call
  wake_up.Wait(absl::ZeroDuration());
}

}  // namespace
}  // namespace ruyi
