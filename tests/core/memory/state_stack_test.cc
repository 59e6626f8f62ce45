#include "core/memory/state_stack.h"

#include <ATen/core/TensorBody.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <gtest/gtest.h>

#include <vector>

namespace ruyi {
namespace {

at::Tensor State(int number, int64_t width = 4) {
  return at::full({2, width}, number, at::kFloat);
}

void PushAndPop(StateStore* store, int count, int64_t width = 4) {
  StateStack stack(store);
  for (int i = 0; i < count; ++i)
    stack.Push(State(i, width));
  for (int i = count; i-- > 0;)
    EXPECT_TRUE(at::equal(stack.Pop(), State(i, width))) << i;
}

TEST(StateStack, WithoutAStoreGivesTheNewestFirst) {
  PushAndPop(nullptr, 5);
}

TEST(StateStack, GivesTheNewestFirstHoweverManyStayOnTheDevice) {
  for (const int64_t resident : {0, 1, 2, 4, 5, 9}) {
    StateStore store(c10::kCPU, 8, resident);
    for (int pass = 0; pass < 3; ++pass)
      PushAndPop(&store, 5);
  }
}

// With two branches in turn twice as many tensors stay, and the second half takes the branches in the opposite order.
TEST(StateStack, StatesMayBeOfSeveralTensors) {
  constexpr int kTensors = 2;
  for (const int64_t resident : {1, 2, 3}) {
    StateStore store(c10::kCPU, 8, resident);
    for (int pass = 0; pass < 2; ++pass) {
      StateStack stack(&store, kTensors);
      for (int i = 0; i < 4 * kTensors; ++i)
        stack.Push(State(i));
      for (int i = 4 * kTensors; i-- > 0;)
        EXPECT_TRUE(at::equal(stack.Pop(), State(i))) << i;
    }
  }
}

TEST(StateStack, TakesMoreTensorsOfAStateInTheNextPass) {
  StateStore store(c10::kCPU, 4, 1);
  PushAndPop(&store, 4);
  StateStack stack(&store, /*tensors_per_state=*/2);
  for (int i = 0; i < 8; ++i)
    stack.Push(State(i));
  for (int i = 8; i-- > 0;)
    EXPECT_TRUE(at::equal(stack.Pop(), State(i))) << i;
}

// Those that nobody foresaw have memory of their own.
TEST(StateStack, TakesMoreStatesThanWereForeseen) {
  StateStore store(c10::kCPU, 2, 1);
  for (int pass = 0; pass < 2; ++pass)
    PushAndPop(&store, 5);
}

TEST(StateStack, TakesStatesOfSeveralSizesInOnePass) {
  StateStore store(c10::kCPU, 5, 1);
  StateStack stack(&store);
  for (int i = 0; i < 5; ++i)
    stack.Push(State(i, 4 + i));
  for (int i = 5; i-- > 0;)
    EXPECT_TRUE(at::equal(stack.Pop(), State(i, 4 + i))) << i;
}

// The memory of a tensor that is away is another one's when it comes back.
int StayOnTheDevice(int64_t resident, int64_t tensors_per_state, int count) {
  StateStore store(c10::kCPU, 8, resident);
  StateStack stack(&store, tensors_per_state);
  std::vector<at::Tensor> pushed;
  for (int i = 0; i < count; ++i) {
    pushed.push_back(State(i));
    stack.Push(pushed.back());
  }
  int stayed = 0;
  for (int i = count; i-- > 0;)
    stayed += stack.Pop().is_same(pushed[i]) ? 1 : 0;
  return stayed;
}

TEST(StateStack, KeepsAsManyTensorsAsTheResidentStatesHave) {
  EXPECT_EQ(StayOnTheDevice(1, 1, 8), 1);
  EXPECT_EQ(StayOnTheDevice(3, 1, 8), 3);
  EXPECT_EQ(StayOnTheDevice(1, 2, 8), 2);
  EXPECT_EQ(StayOnTheDevice(3, 2, 8), 6);
  EXPECT_EQ(StayOnTheDevice(4, 2, 8), 8);
  EXPECT_EQ(StayOnTheDevice(9, 2, 8), 8);
}

TEST(StateStack, TakesStatesOfAnotherSizeInTheNextPass) {
  StateStore store(c10::kCPU, 8, 1);
  PushAndPop(&store, 4, 8);
  PushAndPop(&store, 6, 2);
}

// A state that waits on the host is a copy: the memory that it was copied from may be written again.
TEST(StateStack, KeepsWhatWasPushed) {
  StateStore store(c10::kCPU, 8, 1);
  StateStack stack(&store);
  at::Tensor first = State(1);
  stack.Push(first);
  stack.Push(State(2));
  first.fill_(7);
  stack.Pop();
  EXPECT_TRUE(at::equal(stack.Pop(), State(1)));
}

TEST(StateStack, MayEndWithStatesLeft) {
  StateStore store(c10::kCPU, 8, 1);
  {
    StateStack stack(&store);
    for (int i = 0; i < 4; ++i)
      stack.Push(State(i));
    stack.Pop();
  }
  PushAndPop(&store, 4);
}

}  // namespace
}  // namespace ruyi
