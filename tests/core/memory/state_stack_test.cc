#include "core/memory/state_stack.h"

#include <ATen/core/TensorBody.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <gtest/gtest.h>

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
    StateStore store(c10::kCPU, resident);
    for (int pass = 0; pass < 3; ++pass)
      PushAndPop(&store, 5);
  }
}

TEST(StateStack, TakesStatesOfAnotherSizeInTheNextPass) {
  StateStore store(c10::kCPU, 1);
  PushAndPop(&store, 4, 8);
  PushAndPop(&store, 6, 2);
}

// What is away is a copy: its own memory may be written again.
TEST(StateStack, KeepsWhatWasPushed) {
  StateStore store(c10::kCPU, 1);
  StateStack stack(&store);
  at::Tensor first = State(1);
  stack.Push(first);
  stack.Push(State(2));
  first.fill_(7);
  stack.Pop();
  EXPECT_TRUE(at::equal(stack.Pop(), State(1)));
}

TEST(StateStack, MayEndWithStatesLeft) {
  StateStore store(c10::kCPU, 1);
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
