// What lies on streams, when the device breaks at any moment: each call throws or not, and nothing ends the process.
#include <ATen/core/TensorBody.h>
#include <ATen/ops/full.h>
#include <ATen/ops/ones.h>
#include <gtest/gtest.h>

#include "core/base/exception_guard.h"
#include "core/memory/state_stack.h"
#include "core/memory/weight_ring.h"
#include "tests/core/memory/fake_device.h"
#include "tests/support/status_matchers.h"

namespace ruyi {
namespace {

using testing::HasSubstr;

const c10::Device kFake(c10::kMeta);

// The fake device has no memory to copy from.
at::Tensor State() {
  return at::ones({2, 4});
}

void PushAndPop() {
  StateStore store(kFake, 8, 1);
  StateStack stack(&store);
  for (int i = 0; i < 4; ++i)
    stack.Push(State());
  for (int i = 0; i < 4; ++i)
    stack.Pop();
}

void UseRing() {
  const auto make = [](int64_t i) { return Parameters{{"matrix", at::full({3, 2}, 1.0 + static_cast<double>(i))}}; };
  WeightRing ring(2, make, kFake, 2);
  for (int64_t group = 0; group < ring.groups(); ++group) {
    ring.Acquire(group);
    ring.Release(group);
  }
}

void Copy() {
  CopyStream copies(kFake);
  Fence none(kFake);
  Fence done(kFake);
  copies.Copy(State(), State(), none, done);
  done.Await();
}

TEST(StateStack, KeepsATensorUntilTheDeviceWaitsForItsCopy) {
  FakeDevice device;
  StateStore store(kFake, 8, 1);
  StateStack stack(&store);
  const at::Tensor first = State();
  stack.Push(first);
  stack.Push(State());  // the first one leaves
  EXPECT_EQ(first.use_count(), 2);
  EXPECT_EQ(device.waits(), 0);
  stack.Push(State());
  EXPECT_EQ(first.use_count(), 1);
  EXPECT_EQ(device.waits(), 1);
}

TEST(StateStack, LetsTheDeviceWaitForWhatIsStillBeingCopiedAtTheEnd) {
  FakeDevice device;
  StateStore store(kFake, 8, 1);
  {
    StateStack stack(&store);
    stack.Push(State());
    stack.Push(State());
    EXPECT_EQ(device.waits(), 0);
  }
  EXPECT_EQ(device.waits(), 1);
}

struct Work {
  void (*function)();
  int quiet_calls;  // the last ones, which destructors make: they tell nobody
};

class BrokenDeviceTest : public testing::TestWithParam<Work> {};

TEST_P(BrokenDeviceTest, IsToldByTheCallThatMeetsIt) {
  const auto [work, quiet_calls] = GetParam();
  FakeDevice device;
  work();
  const int calls = device.calls();
  ASSERT_GT(calls, quiet_calls);
  for (int good = 0; good < calls; ++good) {
    device.BreakAfter(good);
    const absl::Status status = GuardExceptions("working", work);
    if (good + quiet_calls < calls)
      EXPECT_THAT(status, StatusIs(absl::StatusCode::kInternal, HasSubstr("device-side assert"))) << good;
    else
      EXPECT_THAT(status, IsOk()) << good;
  }
}

INSTANTIATE_TEST_SUITE_P(Works, BrokenDeviceTest,
                         testing::Values(Work{&PushAndPop, 3}, Work{&UseRing, 1}, Work{&Copy, 1}));

}  // namespace
}  // namespace ruyi
