// Tests the bounds of the rules; the golden cases fp8/* show which names of the full model each mode converts.
#include "core/quant/fp8.h"

#include <gtest/gtest.h>

namespace ruyi {
namespace {

constexpr int64_t kLarge = int64_t{2816} * 2816;

bool Converts(Fp8Mode mode, const LayerTraits& layer) {
  return Fp8Rule({.mode = mode})(layer).has_value();
}

TEST(Fp8Rule, IsEmptyWithoutAMode) {
  EXPECT_FALSE(Fp8Rule({}));
  EXPECT_FALSE(Fp8Rule({.mode = Fp8Mode::kNone, .type = Fp8Type::kE5m2}));
}

TEST(Fp8Rule, GivesTheType) {
  const LayerTraits layer = {.kind = LayerKind::kLinear, .weight_elements = kLarge + 1};
  EXPECT_EQ(Fp8Rule({.mode = Fp8Mode::kLite})(layer), c10::kFloat8_e4m3fn);
  EXPECT_EQ(Fp8Rule({.mode = Fp8Mode::kLite, .type = Fp8Type::kE5m2})(layer), c10::kFloat8_e5m2);
}

TEST(Fp8Rule, LiteLeavesLayersOfTheModelsWidth) {
  EXPECT_TRUE(Converts(Fp8Mode::kLite, {.kind = LayerKind::kLinear, .weight_elements = kLarge + 1}));
  EXPECT_FALSE(Converts(Fp8Mode::kLite, {.kind = LayerKind::kLinear, .weight_elements = kLarge}));
}

TEST(Fp8Rule, StrongTakesLayersOfTheModelsWidth) {
  EXPECT_TRUE(Converts(Fp8Mode::kStrong, {.kind = LayerKind::kLinear, .weight_elements = kLarge}));
  EXPECT_FALSE(Converts(Fp8Mode::kStrong, {.kind = LayerKind::kLinear, .weight_elements = kLarge - 1}));
  EXPECT_FALSE(Converts(Fp8Mode::kStrong, {.kind = LayerKind::kNorm, .weight_elements = kLarge}));
}

TEST(Fp8Rule, ExtremeTakesEveryLayerThatSaysWhatItIs) {
  EXPECT_TRUE(Converts(Fp8Mode::kExtreme, {.kind = LayerKind::kLinear, .weight_elements = 1}));
  EXPECT_TRUE(Converts(Fp8Mode::kExtreme, {.kind = LayerKind::kNorm}));
  EXPECT_FALSE(Converts(Fp8Mode::kExtreme, {.weight_elements = kLarge + 1}));
}

TEST(Fp8Rule, ScalesTheRowsOfLinearLayersAndLeavesNorms) {
  const Storage kScaledRows(c10::kFloat8_e4m3fn, /*rows_are_scaled=*/true);
  for (const Fp8Mode mode : {Fp8Mode::kLite, Fp8Mode::kStrong, Fp8Mode::kExtreme}) {
    const StorageRule rule = Fp8Rule({.mode = mode, .arithmetic = Fp8Arithmetic::kScaled});
    for (const int64_t elements : {int64_t{1}, kLarge - 1, kLarge, kLarge + 1}) {
      const LayerTraits layer = {.kind = LayerKind::kLinear, .weight_elements = elements};
      EXPECT_EQ(rule(layer).has_value(), Converts(mode, layer)) << elements;
      EXPECT_TRUE(rule(layer).value_or(kScaledRows) == kScaledRows);
    }
    EXPECT_FALSE(rule({.kind = LayerKind::kNorm}).has_value());
    EXPECT_FALSE(rule({.weight_elements = kLarge + 1}).has_value());
  }
}

}  // namespace
}  // namespace ruyi
