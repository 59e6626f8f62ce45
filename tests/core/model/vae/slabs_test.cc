// Slabs make the same numbers as the whole, in every mode of the autoencoder, and take less memory.
#include "core/model/vae/slabs.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/TensorBody.h>
#include <ATen/ops/abs.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/max.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <tuple>

#include "core/tensor/device_memory.h"
#include "tests/core/model/vae/vae_copy.h"

namespace ruyi {
namespace {

constexpr double kTolerance = 1e-5;
constexpr int64_t kOneRow = 1;            // slabs of one row
constexpr int64_t kSomeRows = 40 * 1024;  // of the outer levels a few rows, of the inner ones all

struct Configuration {
  const char* name;
  const char* model;
  nlohmann::json changes;
};

nlohmann::json Plain() {
  return {{"slice_compression_vae", false}, {"slice_mag_vae", false}};
}

nlohmann::json With(nlohmann::json changes, const nlohmann::json& more) {
  changes.update(more);
  return changes;
}

const Configuration kConfigurations[] = {
    {"Slice", "tiny", nlohmann::json::object()},
    {"SliceWithNormsOfFrames", "tiny", {{"spatial_group_norm", true}}},
    {"Cache", "tiny-cache", nlohmann::json::object()},
    {"CacheWithNormsOfClips", "tiny-cache", {{"spatial_group_norm", false}}},
    {"Plain", "tiny", Plain()},
    {"Chunks", "tiny", With(Plain(), {{"slice_mag_vae", true}})},
    {"Relu", "tiny", {{"act_fn", "relu"}}},
    {"Tiles", "tiny", {{"use_tiling", true}, {"tile_sample_min_size", 16}}},
    {"TilesInCacheMode", "tiny-cache", {{"use_tiling", true}, {"tile_sample_min_size", 16}}},
    {"DoublingTimeAlone", "tiny",
     With(Plain(), {{"up_block_types",
                     {"SpatialUpBlock3D", "TemporalUpBlock3D", "SpatialTemporalUpBlock3D", "SpatialUpBlock3D"}}})},
};

double GreatestDifference(const at::Tensor& a, const at::Tensor& b) {
  EXPECT_EQ(a.sizes(), b.sizes());
  return (a - b).abs().max().item<double>();
}

class SlabsTest : public testing::TestWithParam<Configuration> {
 protected:
  static Vae Load() {
    const TemporaryFolder folder;
    CopyVae(GetParam().model, GetParam().changes, folder);
    return LoadVae(folder.path());
  }

  const Vae vae_ = Load();
};

TEST_P(SlabsTest, DecodeTheFramesOfTheWhole) {
  for (const int64_t frames : {1, 2, 5}) {
    const at::Tensor latents = Random({1, 16, frames, 2, 3});
    const at::Tensor whole = vae_.Decode(latents);
    for (const int64_t bytes : {kOneRow, kSomeRows})
      EXPECT_LT(GreatestDifference(vae_.BySlabs(bytes).Decode(latents), whole), kTolerance) << frames << ", " << bytes;
  }
}

TEST_P(SlabsTest, EncodeTheMomentsOfTheWhole) {
  for (const int64_t frames : {1, 9, 16}) {
    const at::Tensor video = Random({1, 3, frames, 16, 24});
    const at::Tensor whole = vae_.EncodeMoments(video);
    for (const int64_t bytes : {kOneRow, kSomeRows})
      EXPECT_LT(GreatestDifference(vae_.BySlabs(bytes).EncodeMoments(video), whole), kTolerance)
          << frames << ", " << bytes;
  }
}

TEST_P(SlabsTest, PassSeveralClipsAtOnce) {
  const at::Tensor latents = Random({2, 16, 2, 2, 3});
  EXPECT_LT(GreatestDifference(vae_.BySlabs(kOneRow).Decode(latents), vae_.Decode(latents)), kTolerance);
}

INSTANTIATE_TEST_SUITE_P(Modes, SlabsTest, testing::ValuesIn(kConfigurations),
                         [](const auto& configuration) { return configuration.param.name; });

// Returns the most bytes that tensors take while `work` runs.
template <typename Work>
int64_t PeakOf(const Work& work) {
  MemoryMeter meter(c10::kCPU);
  work();
  return meter.TakePeak();
}

TEST(VaeBySlabs, TakesLessMemory) {
  const at::Tensor latents = Random({1, 16, 2, 16, 16});
  const at::Tensor video = Random({1, 3, 8, 128, 128});
  for (const Vae* vae : {&SliceVae(), &CacheVae()}) {
    const Vae slabs = vae->BySlabs(int64_t{256} << 10);
    EXPECT_LT(PeakOf([&] { slabs.Decode(latents); }), 0.7 * PeakOf([&] { vae->Decode(latents); }));
    EXPECT_LT(PeakOf([&] { slabs.EncodeMoments(video); }), 0.8 * PeakOf([&] { vae->EncodeMoments(video); }));
  }
}

TEST(VaeBySlabs, WithNoBoundThereAreNone) {
  const at::Tensor latents = Random({1, 16, 2, 16, 16});
  EXPECT_EQ(PeakOf([&] { SliceVae().BySlabs(1).BySlabs(0).Decode(latents); }),
            PeakOf([&] { SliceVae().Decode(latents); }));
}

TEST(VaeBySlabs, ComputesInTheTypeOfTheWhole) {
  const Vae vae = LoadVae(VaeFolder("tiny"), {.dtype = at::kBFloat16});
  const at::Tensor latents = Random({1, 16, 4, 4, 5});
  const at::Tensor frames = vae.BySlabs(kOneRow).Decode(latents);
  EXPECT_EQ(frames.scalar_type(), at::kBFloat16);
  EXPECT_LT(GreatestDifference(frames, vae.Decode(latents)), 0.05);
}

// Each row is asked for once, in order, and no row of output comes before the rows that it is made of.
TEST(ConvolveBySlabs, AsksForEachRowOnce) {
  const at::Tensor x = Random({1, 4, 3, 7, 5}).contiguous(at::MemoryFormat::ChannelsLast3d);
  const CausalConv3d conv = {.weight = Random({4, 4, 3, 3, 3}, 6), .bias = Random({4}, 7)};
  TemporalPass pass = {.border = TemporalBorder::kReplicate, .slab_bytes = 2000};  // 5 rows, of which 3 are made
  int64_t filled = 0;
  int64_t taken = 0;
  std::vector<int64_t> slabs;
  const auto fill = [&](int64_t begin, const at::Tensor& rows) {
    EXPECT_EQ(begin, filled);
    filled += rows.size(3);
    rows.copy_(RowsOf(x, begin, rows.size(3)));
  };
  const at::Tensor out = EmptyFeatures({1, 4, 3, 7, 5}, x);
  const auto take = [&](int64_t begin, const kernels::Features& rows) {
    EXPECT_EQ(begin, taken);
    taken += rows.x.size(3);
    EXPECT_EQ(filled, std::min<int64_t>(taken + 1, 7));
    slabs.push_back(rows.x.size(3));
    PutRows(rows.x, begin, out);
  };
  ConvolveBySlabs(conv, {.sizes = {1, 4, 3, 7, 5}, .like = x, .fill = fill}, pass, take);
  EXPECT_THAT(slabs, testing::ElementsAre(3, 3, 1));
  EXPECT_LT(GreatestDifference(out, conv.Forward(x, pass)), kTolerance);
}

}  // namespace
}  // namespace ruyi
