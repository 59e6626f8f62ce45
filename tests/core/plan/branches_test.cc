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

}  // namespace
}  // namespace ruyi
