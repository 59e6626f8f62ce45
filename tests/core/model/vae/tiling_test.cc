#include "core/model/vae/tiling.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/TensorBody.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full_like.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "tests/support/status_matchers.h"

namespace ruyi {
namespace {

using testing::ElementsAre;

VaeConfig ConfigOf(int64_t pixels, double overlap) {
  const std::vector<VaeBlockType> blocks(4, VaeBlockType{.resampling = VaeResampling::kSpatial});
  VaeConfig config;
  config.down_blocks = blocks;
  config.up_blocks = blocks;
  config.tile_pixels = pixels;
  config.tile_overlap = overlap;
  return config;
}

// Every element another number.
at::Tensor Picture(int64_t height, int64_t width) {
  return at::arange(2 * height * width, at::kFloat).view({1, 2, 1, height, width});
}

at::Tensor Twice(const at::Tensor& x) {
  return x.repeat_interleave(2, 3).repeat_interleave(2, 4);
}

absl::StatusOr<at::Tensor> AsItIs(const at::Tensor& tile, size_t) {
  return tile.clone();
}

// Passes zeros of one row by tiles that are filled with their index.
at::Tensor RowOfIndexes(const VaeTileGrid& grid, int64_t width) {
  const auto fill = [](const at::Tensor& tile, size_t index) { return at::full_like(tile, static_cast<float>(index)); };
  return PassByTiles(grid, at::zeros({1, 1, 1, 1, width}), fill)->flatten();
}

TEST(VaeTileGrid, FollowsFromTheTileInLatents) {
  EXPECT_EQ(EncoderGrid(ConfigOf(48, 0.25)), (VaeTileGrid{.tile = 48, .step = 32, .blend = 2, .keep = 4}));
  EXPECT_EQ(DecoderGrid(ConfigOf(48, 0.25)),
            (VaeTileGrid{.tile = 6, .step = 4, .blend = 16, .keep = 32, .has_corner = true}));
  EXPECT_EQ(EncoderGrid(ConfigOf(40, 0.25)), (VaeTileGrid{.tile = 40, .step = 24, .blend = 2, .keep = 3}));
  EXPECT_EQ(EncoderGrid(ConfigOf(100, 0.25)), (VaeTileGrid{.tile = 96, .step = 72, .blend = 3, .keep = 9}));
  EXPECT_EQ(EncoderGrid(ConfigOf(16, 0)), (VaeTileGrid{.tile = 16, .step = 16, .blend = 0, .keep = 2}));
}

TEST(VaeTileGrid, IsTheReferencesWhereItsRoundingsFit) {
  EXPECT_EQ(EncoderGrid(ConfigOf(384, 0.25)), (VaeTileGrid{.tile = 384, .step = 288, .blend = 12, .keep = 36}));
  EXPECT_EQ(DecoderGrid(ConfigOf(384, 0.25)),
            (VaeTileGrid{.tile = 48, .step = 36, .blend = 96, .keep = 288, .has_corner = true}));
  EXPECT_EQ(EncoderGrid(ConfigOf(512, 0.5)), (VaeTileGrid{.tile = 512, .step = 256, .blend = 32, .keep = 32}));
}

TEST(VaeTileGrid, EachSideHasItsScale) {
  VaeConfig config = ConfigOf(48, 0.25);
  config.up_blocks.resize(3);
  EXPECT_EQ(EncoderGrid(config).step, 32);
  EXPECT_EQ(DecoderGrid(config), (VaeTileGrid{.tile = 12, .step = 9, .blend = 12, .keep = 36, .has_corner = true}));
}

TEST(PassByTiles, WhatChangesNothingGivesThePictureOfAnySize) {
  const VaeTileGrid grids[] = {{.tile = 6, .step = 4, .blend = 2, .keep = 4},
                               {.tile = 6, .step = 4, .blend = 2, .keep = 4, .has_corner = true},
                               {.tile = 5, .step = 1, .blend = 4, .keep = 1},
                               {.tile = 3, .step = 3, .blend = 0, .keep = 3, .has_corner = true}};
  for (const VaeTileGrid& grid : grids) {
    for (int64_t height = 1; height < 15; ++height) {
      for (int64_t width = 1; width < 15; ++width) {
        const at::Tensor x = Picture(height, width);
        ASSERT_TRUE(at::equal(*PassByTiles(grid, x, AsItIs), x)) << grid.tile << ", " << height << " x " << width;
      }
    }
  }
}

TEST(PassByTiles, PutsOutputsOfAnotherScaleTogether) {
  const VaeTileGrid grid = {.tile = 6, .step = 4, .blend = 4, .keep = 8, .has_corner = true};
  const auto twice = [](const at::Tensor& tile, size_t) { return Twice(tile); };
  for (const auto& [height, width] : {std::pair(5, 7), std::pair(6, 9), std::pair(13, 4), std::pair(11, 17)})
    EXPECT_TRUE(at::equal(*PassByTiles(grid, Picture(height, width), twice), Twice(Picture(height, width))));
}

TEST(PassByTiles, PassesWhatFitsOneTileAsAWhole) {
  const VaeTileGrid grid = {.tile = 6, .step = 4, .blend = 2, .keep = 4, .has_corner = true};
  const at::Tensor x = Picture(6, 6);
  std::vector<size_t> indexes;
  const auto record = [&](const at::Tensor& tile, size_t index) {
    indexes.push_back(index);
    EXPECT_TRUE(tile.is_same(x));
    return tile;
  };
  EXPECT_THAT(PassByTiles(grid, x, record), IsOk());
  EXPECT_THAT(indexes, ElementsAre(0));
}

TEST(PassByTiles, WithoutAGridNothingIsCut) {
  const at::Tensor x = Picture(60, 60);
  EXPECT_EQ(PassByTiles(std::nullopt, x, AsItIs)->sizes(), x.sizes());
  int tiles = 0;
  const auto count = [&](const at::Tensor& tile, size_t) {
    ++tiles;
    return tile;
  };
  EXPECT_THAT(PassByTiles(std::nullopt, x, count), IsOk());
  EXPECT_EQ(tiles, 1);
}

TEST(PassByTiles, GoesRowByRowAndThenToTheCorner) {
  const VaeTileGrid grid = {.tile = 6, .step = 4, .blend = 2, .keep = 4, .has_corner = true};
  std::vector<size_t> indexes;
  std::vector<std::array<int64_t, 4>> tiles;  // top, left, height, width
  const auto record = [&](const at::Tensor& tile, size_t index) {
    const int64_t first = tile.flatten()[0].item<int64_t>();
    indexes.push_back(index);
    tiles.push_back({first / 9, first % 9, tile.size(3), tile.size(4)});
    return tile.clone();
  };
  EXPECT_THAT(PassByTiles(grid, Picture(7, 9), record), IsOk());
  using Tile = std::array<int64_t, 4>;
  EXPECT_THAT(tiles, ElementsAre(Tile{0, 0, 6, 6}, Tile{0, 4, 6, 5}, Tile{0, 8, 6, 1},  //
                                 Tile{4, 0, 3, 6}, Tile{4, 4, 3, 5}, Tile{4, 8, 3, 1}, Tile{1, 3, 6, 6}));
  EXPECT_THAT(indexes, ElementsAre(0, 1, 2, 3, 4, 5, 6));
}

TEST(PassByTiles, ATileFadesInOverTheOneBefore) {
  const VaeTileGrid grid = {.tile = 8, .step = 4, .blend = 4, .keep = 4};
  EXPECT_TRUE(
      at::allclose(RowOfIndexes(grid, 9), at::tensor({0., 0., 0., 0., 0., 0.25, 0.5, 0.75, 1.}).to(at::kFloat)));
  const at::Tensor columns = PassByTiles(grid, at::zeros({1, 1, 1, 9, 1}), [](const at::Tensor& tile, size_t index) {
                               return at::full_like(tile, static_cast<float>(index));
                             })->flatten();
  EXPECT_TRUE(at::equal(columns, RowOfIndexes(grid, 9)));
}

TEST(PassByTiles, TheCornerGrowsFromItsUpperAndLeftSides) {
  const VaeTileGrid grid = {.tile = 3, .step = 3, .blend = 0, .keep = 3, .has_corner = true};
  const auto only_corner = [](const at::Tensor& tile, size_t index) {
    return at::full_like(tile, index == 4 ? 1.F : 0.F);
  };
  const at::Tensor x = PassByTiles(grid, at::zeros({1, 1, 1, 4, 4}), only_corner)->view({4, 4});
  const at::Tensor expected =
      at::tensor({0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0.5, 0.5, 0., 0., 0.5, 1.}).to(at::kFloat).view({4, 4});
  EXPECT_TRUE(at::allclose(x, expected));
}

TEST(PassByTiles, EndsWithTheFirstError) {
  const VaeTileGrid grid = {.tile = 6, .step = 4, .blend = 2, .keep = 4, .has_corner = true};
  for (const size_t failing : {0, 3, 6}) {
    size_t passed = 0;
    const auto fail = [&](const at::Tensor& tile, size_t index) -> absl::StatusOr<at::Tensor> {
      ++passed;
      if (index == failing)
        return absl::CancelledError("enough");
      return tile.clone();
    };
    EXPECT_THAT(PassByTiles(grid, Picture(7, 9), fail), StatusIs(absl::StatusCode::kCancelled, "enough"));
    EXPECT_EQ(passed, failing + 1);
  }
}

}  // namespace
}  // namespace ruyi
