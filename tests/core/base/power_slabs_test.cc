#include "core/base/power_slabs.h"

#include <gtest/gtest.h>

#include <bit>

namespace ruyi {
namespace {

TEST(PowerSlabs, TheFirstIsTheLargestThatIsFilled) {
  const PowerSlab slab = FirstSlabOf(28, 366);  // 10248 bytes
  EXPECT_EQ(slab.bytes, 8192);
  EXPECT_EQ(slab.pieces, 22);
}

TEST(PowerSlabs, WhatFillsNoneHasTheSmallestThatTakesIt) {
  const PowerSlab slab = FirstSlabOf(1, 366);
  EXPECT_EQ(slab.bytes, 512);
  EXPECT_EQ(slab.pieces, 1);
}

TEST(PowerSlabs, PiecesOfAPowerOfTwoLoseNothing) {
  EXPECT_EQ(SlabBytesOf(5, 256), 5 * 256);
}

TEST(PowerSlabs, AllOfThemTakeLittleMoreThanThePieces) {
  EXPECT_EQ(SlabBytesOf(28, 366), 8192 + 2048 + 512);
  for (int64_t pieces = 1; pieces <= 40; ++pieces) {
    for (const int64_t bytes : {1, 3, 366, 513, 1023}) {
      EXPECT_GE(SlabBytesOf(pieces, bytes), pieces * bytes);
      EXPECT_LE(SlabBytesOf(pieces, bytes), pieces * static_cast<int64_t>(std::bit_ceil(static_cast<uint64_t>(bytes))));
    }
  }
}

TEST(PowerSlabs, NothingTakesNothing) {
  EXPECT_EQ(SlabBytesOf(0, 366), 0);
  EXPECT_EQ(SlabBytesOf(3, 0), 0);
}

}  // namespace
}  // namespace ruyi
