#include "core/kernels/features.h"

#include <ATen/core/TensorBody.h>
#include <ATen/ops/equal.h>
#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "tests/core/kernels/inputs.h"
#include "tests/core/kernels/reference.h"

namespace ruyi {
namespace {

using kernels::Features;
using kernels::GroupNormParameters;

constexpr int64_t kChannels = 12;

class FeaturesTest : public testing::TestWithParam<c10::ScalarType> {
 protected:
  // [2, kChannels, frames, 4, 5], channels last
  at::Tensor Clip(int64_t frames = 3, uint64_t seed = 1) const {
    return RandomNumbers({2, kChannels, frames, 4, 5}, GetParam(), seed).contiguous(at::MemoryFormat::ChannelsLast3d);
  }

  at::Tensor Bias(uint64_t seed = 5) const { return RandomNumbers({kChannels}, GetParam(), seed); }

  GroupNormParameters Norm(int64_t groups) const {
    return {.weight = RandomNumbers({kChannels}, GetParam(), 2, 1),
            .bias = RandomNumbers({kChannels}, GetParam(), 3, 0),
            .groups = groups,
            .eps = 1e-3};
  }

  void ExpectNear(const at::Tensor& x, const at::Tensor& expected) const {
    ASSERT_EQ(x.sizes(), expected.sizes());
    EXPECT_EQ(x.scalar_type(), GetParam());
    EXPECT_LT(reference::LargestError(x, expected), ToleranceOf(GetParam()));
  }
};

TEST_P(FeaturesTest, NormalisesGroupsOfChannels) {
  for (const int64_t groups : {1, 3, 12}) {
    for (const bool activates : {false, true}) {
      GroupNormParameters norm = Norm(groups);
      norm.activates = activates;
      ExpectNear(kernels::GroupNorm({.x = Clip()}, norm), reference::GroupNorm({.x = Clip()}, norm));
    }
  }
}

TEST_P(FeaturesTest, NormalisesEachFrameAlone) {
  GroupNormParameters norm = Norm(4);
  norm.is_of_frames = true;
  const at::Tensor normed = kernels::GroupNorm({.x = Clip()}, norm);
  ExpectNear(normed, reference::GroupNorm({.x = Clip()}, norm));
  EXPECT_TRUE(at::equal(kernels::GroupNorm({.x = Clip().narrow(2, 1, 1)}, norm), normed.narrow(2, 1, 1)));
}

// Rows that lie among others, as every other test has them alone.
TEST_P(FeaturesTest, NormalisesSomeRowsByTheScalesOfAll) {
  for (const bool is_of_frames : {false, true}) {
    for (const bool activates : {false, true}) {
      GroupNormParameters norm = Norm(3);
      norm.is_of_frames = is_of_frames;
      norm.activates = activates;
      const Features features = {.x = Clip(), .missing_bias = Bias()};
      const at::Tensor scales = kernels::GroupNormScales(features, norm);
      EXPECT_EQ(scales.sizes(), (std::vector<int64_t>{is_of_frames ? 6 : 2, 2, kChannels}));
      const at::Tensor expected = reference::GroupNorm(features, norm);
      const at::Tensor out = Clip(4, 9);
      kernels::NormalizeRows(features.x.narrow(3, 1, 2), scales, norm, out.narrow(2, 1, 3).narrow(3, 2, 2));
      ExpectNear(out.narrow(2, 1, 3).narrow(3, 2, 2), expected.narrow(3, 1, 2));
      EXPECT_TRUE(at::equal(out.narrow(2, 0, 1), Clip(4, 9).narrow(2, 0, 1)));
      EXPECT_TRUE(at::equal(out.narrow(3, 0, 2), Clip(4, 9).narrow(3, 0, 2)));
    }
  }
}

TEST_P(FeaturesTest, SumsRowsIntoOthers) {
  const at::Tensor bias = Bias().to(at::kDouble).view({1, -1, 1, 1, 1});
  const auto wide = [](const at::Tensor& x) { return x.narrow(3, 1, 2).to(at::kDouble); };
  const at::Tensor out = Clip(3, 7);
  const at::Tensor rows = out.narrow(3, 1, 2);
  kernels::SumRows({.x = Clip().narrow(3, 1, 2), .missing_bias = Bias()}, {.x = rows}, rows);
  ExpectNear(rows, wide(Clip()) + bias + wide(Clip(3, 7)));
  kernels::SumRows({.x = Clip().narrow(3, 1, 2), .missing_bias = Bias()}, {}, rows);
  ExpectNear(rows, wide(Clip()) + bias);
  kernels::SumRows({.x = Clip().narrow(3, 1, 2), .missing_bias = {}}, {}, rows);
  EXPECT_TRUE(at::equal(rows, Clip().narrow(3, 1, 2)));
  EXPECT_TRUE(at::equal(out.narrow(3, 3, 1), Clip(3, 7).narrow(3, 3, 1)));
}

TEST_P(FeaturesTest, AddsTheMissingBias) {
  const auto features = [this] { return Features{.x = Clip(), .missing_bias = Bias()}; };
  ExpectNear(kernels::Whole(features()), reference::Whole(features()));
  ExpectNear(kernels::GroupNorm(features(), Norm(3)), reference::GroupNorm(features(), Norm(3)));
  ExpectNear(kernels::BlendFrames(features()), reference::BlendFrames(features()));
  const Features other = {.x = Clip(3, 7), .missing_bias = Bias(6)};
  ExpectNear(kernels::Sum(features(), other), reference::Whole(features()) + reference::Whole(other));
}

TEST_P(FeaturesTest, SumsInTheMemoryOfTheFeatures) {
  const at::Tensor x = Clip();
  EXPECT_TRUE(kernels::Sum({.x = x}, {.x = Clip(3, 7)}).is_same(x));
  ExpectNear(x, Clip().to(at::kDouble) + Clip(3, 7).to(at::kDouble));
}

TEST_P(FeaturesTest, BlendsFrames) {
  for (const int64_t frames : {1, 2, 5}) {
    const at::Tensor blended = kernels::BlendFrames({.x = Clip(frames)});
    ExpectNear(blended, reference::BlendFrames({.x = Clip(frames)}));
    EXPECT_TRUE(blended.is_contiguous(at::MemoryFormat::ChannelsLast3d));
  }
}

TEST_P(FeaturesTest, HasNoKernelsOnACpu) {
  EXPECT_FALSE(kernels::TakesFeatures(Clip()));
}

INSTANTIATE_TEST_SUITE_P(Types, FeaturesTest, testing::Values(at::kFloat, at::kBFloat16));

}  // namespace
}  // namespace ruyi
