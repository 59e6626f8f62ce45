// Tests the memory of a CPU; a GPU's allocator counts for itself.
#include "core/tensor/device_memory.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/TensorBody.h>
#include <ATen/ops/empty.h>
#include <gtest/gtest.h>

#include "tests/support/status_matchers.h"

namespace ruyi {
namespace {

at::Tensor Bytes(int64_t count) {
  return at::empty({count}, at::kByte);
}

TEST(MemoryMeter, SeesTheMostThatLiesThereAtOnce) {
  MemoryMeter meter(c10::kCPU);
  {
    const at::Tensor kept = Bytes(1000);
    Bytes(500);  // freed at once
    Bytes(300);
  }
  Bytes(200);
  EXPECT_EQ(meter.TakePeak(), 1500);
}

TEST(MemoryMeter, DoesNotSeeWhatWasThereBefore) {
  at::Tensor before = Bytes(1000);
  MemoryMeter meter(c10::kCPU);
  Bytes(10);
  EXPECT_EQ(meter.TakePeak(), 10);
}

TEST(MemoryMeter, WhatWasThereBeforeAndGoesIsNotCountedAgainst) {
  at::Tensor before = Bytes(1000);
  MemoryMeter meter(c10::kCPU);
  before = at::Tensor();
  const at::Tensor after = Bytes(10);
  EXPECT_EQ(meter.TakePeak(), 10);
}

TEST(MemoryMeter, TakingThePeakBeginsAnewWithWhatLiesThere) {
  MemoryMeter meter(c10::kCPU);
  at::Tensor kept = Bytes(100);
  Bytes(1000);
  EXPECT_EQ(meter.TakePeak(), 1100);
  EXPECT_EQ(meter.TakePeak(), 100);
  kept = at::Tensor();
  EXPECT_EQ(meter.TakePeak(), 100);  // it was there at first
  EXPECT_EQ(meter.TakePeak(), 0);
}

TEST(MemoryMeter, ViewsTakeNothing) {
  MemoryMeter meter(c10::kCPU);
  const at::Tensor whole = Bytes(1000);
  const at::Tensor view = whole.narrow(0, 10, 20).view({4, 5});
  EXPECT_EQ(meter.TakePeak(), 1000);
  const at::Tensor copy = view.clone();
  EXPECT_EQ(meter.TakePeak(), 1020);
}

TEST(MemoryMeter, WhatGoesAfterItHurtsNobody) {
  at::Tensor left;
  {
    MemoryMeter meter(c10::kCPU);
    left = Bytes(100);
  }
  left = at::Tensor();
  MemoryMeter meter(c10::kCPU);
  Bytes(10);
  EXPECT_EQ(meter.TakePeak(), 10);
}

TEST(MemoryMeter, OneWithinAnotherCountsForItself) {
  MemoryMeter outer(c10::kCPU);
  Bytes(50);
  {
    MemoryMeter inner(c10::kCPU);
    Bytes(10);
    EXPECT_EQ(inner.TakePeak(), 10);
  }
  EXPECT_EQ(outer.TakePeak(), 50);
}

TEST(UsableBytes, OfACpuIsTheMachinesMemory) {
  const int64_t bytes = UsableBytes(c10::kCPU);
  EXPECT_GT(bytes, int64_t{1} << 28);
  EXPECT_EQ(bytes, UsableBytes(c10::kCPU));
}

TEST(CleanDevice, ACpuIsAlwaysClean) {
  EXPECT_THAT(CleanDevice(c10::kCPU), IsOk());
}

}  // namespace
}  // namespace ruyi
