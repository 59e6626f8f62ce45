#include "core/plan/branches.h"

#include <gtest/gtest.h>

namespace ruyi {
namespace {

VideoSpec Guided(double scale) {
  VideoSpec spec;
  spec.guidance_scale = scale;
  return spec;
}

TEST(Branches, AScaleAboveOneNeedsTwo) {
  EXPECT_FALSE(IsGuided(Guided(0)));
  EXPECT_FALSE(IsGuided(Guided(1)));
  EXPECT_TRUE(IsGuided(Guided(1.01)));
  EXPECT_EQ(BranchesPerDevice(Guided(1), 1), 1);
  EXPECT_EQ(BranchesPerDevice(Guided(7), 1), 2);
}

TEST(Branches, TwoDevicesShareThem) {
  EXPECT_TRUE(UsesSecondDevice(Guided(7), 2));
  EXPECT_FALSE(UsesSecondDevice(Guided(7), 1));
  EXPECT_FALSE(UsesSecondDevice(Guided(1), 2));
  EXPECT_EQ(BranchesPerDevice(Guided(7), 2), 1);
}

TEST(Branches, WhatLooksAtBothKeepsThemOnOneDevice) {
  VideoSpec cached = Guided(7);
  cached.tea_cache.emplace();
  EXPECT_FALSE(UsesSecondDevice(cached, 2));
  EXPECT_EQ(BranchesPerDevice(cached, 2), 2);
  VideoSpec enhanced = Guided(7);
  enhanced.enhance.emplace();
  EXPECT_FALSE(UsesSecondDevice(enhanced, 2));
  EXPECT_EQ(BranchesPerDevice(enhanced, 2), 2);
}

VideoSpec Gated(double start_ratio) {
  VideoSpec spec = Guided(7);
  spec.guidance_gate = {.start_ratio = start_ratio};
  return spec;
}

TEST(Branches, AllCallsAreBeforeAGateThatThereIsNot) {
  EXPECT_EQ(CallsBeforeGate(Guided(7), 25), 25);
  VideoSpec unguided = Gated(0.5);
  unguided.guidance_scale = 1;
  EXPECT_EQ(CallsBeforeGate(unguided, 25), 25);
}

TEST(Branches, TheGateClosesAfterTheNearestNumberOfCalls) {
  EXPECT_EQ(CallsBeforeGate(Gated(0.5), 4), 2);
  EXPECT_EQ(CallsBeforeGate(Gated(0.7), 10), 7);
  EXPECT_EQ(CallsBeforeGate(Gated(0.3), 25), 8);
  EXPECT_EQ(CallsBeforeGate(Gated(0.999), 25), 25);
  EXPECT_EQ(CallsBeforeGate(Gated(0.001), 25), 1);  // the difference is computed once
  EXPECT_EQ(CallsBeforeGate(Gated(0.5), 1), 1);
}

TEST(Branches, AGateKeepsTheSecondDevice) {
  EXPECT_TRUE(UsesSecondDevice(Gated(0.5), 2));
}

}  // namespace
}  // namespace ruyi
