// The folded convolutions of an upsampler make what the convolution of repeated pixels makes.
#include "core/model/vae/upsampler.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/TensorBody.h>
#include <ATen/ops/abs.h>
#include <ATen/ops/max.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tuple>
#include <vector>

#include "tests/core/model/vae/vae_copy.h"

namespace ruyi {
namespace {

constexpr double kTolerance = 1e-5;
constexpr int64_t kChannels = 6;

double GreatestDifference(const at::Tensor& a, const at::Tensor& b) {
  EXPECT_EQ(a.sizes(), b.sizes());
  return (a - b).abs().max().item<double>();
}

VaeUpsampler Upsampler(VaeResampling resampling) {
  VaeUpsampler upsampler;
  upsampler.resampling = resampling;
  upsampler.conv.weight = Random({kChannels, kChannels, 3, 3, 3}, 6) * 0.1;
  upsampler.conv.bias = Random({kChannels}, 7);
  return upsampler;
}

VaeUpsampler Folded(VaeResampling resampling) {
  VaeUpsampler upsampler = Upsampler(resampling);
  upsampler.Fold();
  return upsampler;
}

at::Tensor Chunk(int64_t frames, uint64_t seed = 1) {
  return Random({2, kChannels, frames, 5, 4}, seed).contiguous(at::MemoryFormat::ChannelsLast3d);
}

using Parameters = std::tuple<VaeResampling, TemporalBorder, int64_t>;

class FoldedUpsamplerTest : public testing::TestWithParam<Parameters> {};

TEST_P(FoldedUpsamplerTest, MakesWhatTheConvolutionMakes) {
  const auto& [resampling, border, slab_bytes] = GetParam();
  const VaeUpsampler plain = Upsampler(resampling);
  const VaeUpsampler folded = Folded(resampling);
  for (const int64_t frames : {1, 3}) {
    VaeCarry plain_carry, folded_carry;
    TemporalPass plain_pass = {.border = border, .carry = &plain_carry};
    TemporalPass folded_pass = {.border = border, .carry = &folded_carry, .slab_bytes = slab_bytes};
    EXPECT_LT(GreatestDifference(folded.Forward(Chunk(frames), folded_pass), plain.Forward(Chunk(frames), plain_pass)),
              kTolerance)
        << frames;
    if (border != TemporalBorder::kCarryStart)
      continue;
    plain_pass = {.border = TemporalBorder::kCarry, .carry = &plain_carry};
    folded_pass = {.border = TemporalBorder::kCarry, .carry = &folded_carry, .slab_bytes = slab_bytes};
    EXPECT_LT(GreatestDifference(folded.Forward(Chunk(2, 2), folded_pass), plain.Forward(Chunk(2, 2), plain_pass)),
              kTolerance)
        << frames;
  }
}

INSTANTIATE_TEST_SUITE_P(Ways, FoldedUpsamplerTest,
                         testing::Combine(testing::Values(VaeResampling::kSpatial, VaeResampling::kSpatialTemporal),
                                          testing::Values(TemporalBorder::kReplicate, TemporalBorder::kOneFrame,
                                                          TemporalBorder::kZeros, TemporalBorder::kCarryStart),
                                          testing::Values(0, 1, 8000)));  // the whole, rows, some rows

TEST(FoldedUpsampler, HasFourNinthsOfTheWorkAndMoreWeights) {
  const VaeUpsampler plain = Upsampler(VaeResampling::kSpatial);
  const VaeUpsampler folded = Folded(VaeResampling::kSpatial);
  EXPECT_FALSE(folded.conv.weight.defined());
  EXPECT_EQ(folded.doubling->weight.nbytes(), 3 * 4 * 4 * kChannels * kChannels * 4);
  EXPECT_EQ(folded.extra_bytes, (3 * 4 * 4 - 27) * kChannels * kChannels * 4);
  EXPECT_EQ(plain.extra_bytes, 0);
}

TEST(FoldedUpsampler, OfTimeAloneIsNotFolded) {
  EXPECT_FALSE(Folded(VaeResampling::kTemporal).doubling.has_value());
  EXPECT_TRUE(Folded(VaeResampling::kTemporal).conv.weight.defined());
}

// Returns it with numbers of float32, which have been rounded to bfloat16 before.
VaeUpsampler InFloat(VaeUpsampler upsampler) {
  if (upsampler.doubling.has_value()) {
    upsampler.doubling->weight = upsampler.doubling->weight.to(at::kFloat);
    upsampler.doubling->bias = upsampler.doubling->bias.to(at::kFloat);
  } else {
    upsampler.conv.weight = upsampler.conv.weight.to(at::kFloat);
  }
  upsampler.conv.bias = upsampler.conv.bias.to(at::kFloat);
  return upsampler;
}

// The sums of weights are rounded once more, which adds less than the rounding of the result. Products are summed in
// float32, as a GPU does; a processor without instructions for bfloat16 rounds between them, which tells nothing of the
// folding.
TEST(FoldedUpsampler, RoundsLittleMoreThanTheConvolution) {
  VaeUpsampler plain = Upsampler(VaeResampling::kSpatial);
  plain.conv.weight = plain.conv.weight.to(at::kBFloat16);
  plain.conv.bias = plain.conv.bias.to(at::kBFloat16);
  VaeUpsampler folded = plain;
  folded.Fold();
  const at::Tensor x = Chunk(3).to(at::kBFloat16).to(at::kFloat);
  TemporalPass pass;
  const at::Tensor expected = InFloat(plain).Forward(x, pass);
  const auto error = [&](const VaeUpsampler& upsampler) {
    const at::Tensor result = InFloat(upsampler).Forward(x, pass).to(at::kBFloat16);
    return (result.to(at::kFloat) - expected).square().mean().sqrt().item<double>();
  };
  EXPECT_LT(error(folded), 2 * error(plain));
}

}  // namespace
}  // namespace ruyi
