#include "core/model/vae/tiling.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/TensorBody.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/lerp.h>
#include <ATen/ops/linspace.h>
#include <ATen/ops/minimum.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "core/base/status_macros.h"

namespace ruyi {
namespace {

constexpr int64_t kHeight = 3;  // dimensions of [B, C, T, H, W]
constexpr int64_t kWidth = 4;

// Returns the grid in latents, without blending.
VaeTileGrid LatentGrid(const VaeConfig& config, int64_t scale) {
  const int64_t tile = config.tile_pixels / scale;
  return {.tile = tile, .step = static_cast<int64_t>(static_cast<double>(tile) * (1 - config.tile_overlap))};
}

// Returns up to `length` rows or columns from `begin` on.
at::Tensor Cut(const at::Tensor& x, int64_t dimension, int64_t begin, int64_t length) {
  return x.narrow(dimension, begin, std::min(length, x.size(dimension) - begin));
}

at::Tensor CutEnd(const at::Tensor& x, int64_t dimension, int64_t length) {
  const int64_t count = std::min(length, x.size(dimension));
  return x.narrow(dimension, x.size(dimension) - count, count);
}

// The beginning of `tile` fades in over the end of `before`, in place.
void FadeIn(const at::Tensor& before, const at::Tensor& tile, int64_t dimension, int64_t blend) {
  const int64_t count = std::min({before.size(dimension), tile.size(dimension), blend});
  const at::Tensor weights = at::arange(count, tile.options()) / count;
  at::Tensor begin = tile.narrow(dimension, 0, count);
  begin.copy_(at::lerp(CutEnd(before, dimension, count), begin, dimension == kHeight ? weights.unsqueeze(1) : weights));
}

// Passes one row of tiles; `index` goes on with each.
absl::StatusOr<std::vector<at::Tensor>> PassRow(const VaeTileGrid& grid, const at::Tensor& row, size_t& index,
                                                VaeTilePass pass) {
  std::vector<at::Tensor> tiles;
  for (int64_t left = 0; left < row.size(kWidth); left += grid.step) {
    RUYI_ASSIGN_OR_RETURN(tiles.emplace_back(), pass(Cut(row, kWidth, left, grid.tile), index++));
  }
  return tiles;
}

// Blends the tiles of a row with those above, if there are any, and with each other; gives what the row adds.
at::Tensor JoinRow(const VaeTileGrid& grid, const std::vector<at::Tensor>& above, const std::vector<at::Tensor>& row) {
  std::vector<at::Tensor> kept;
  for (size_t i = 0; i < row.size(); ++i) {
    if (!above.empty())
      FadeIn(above[i], row[i], kHeight, grid.blend);
    if (i > 0)
      FadeIn(row[i - 1], row[i], kWidth, grid.blend);
    kept.push_back(Cut(Cut(row[i], kHeight, 0, grid.keep), kWidth, 0, grid.keep));
  }
  return at::cat(kept, kWidth);
}

// `corner` covers the lower right of `whole`; its weight grows from 0 at its upper and left sides, in place.
void FadeInCorner(const at::Tensor& corner, const at::Tensor& whole) {
  const at::Tensor down = at::linspace(0, 1, corner.size(kHeight), corner.options());
  const at::Tensor right = at::linspace(0, 1, corner.size(kWidth), corner.options());
  at::Tensor area = CutEnd(CutEnd(whole, kHeight, corner.size(kHeight)), kWidth, corner.size(kWidth));
  area.copy_(at::lerp(area, corner, at::minimum(down.unsqueeze(1), right)));
}

bool FitsOneTile(const VaeTileGrid& grid, const at::Tensor& x) {
  return x.size(kHeight) <= grid.tile && x.size(kWidth) <= grid.tile;
}

}  // namespace

VaeTileGrid EncoderGrid(const VaeConfig& config) {
  const int64_t scale = SpatialScale(config.down_blocks);
  const VaeTileGrid latents = LatentGrid(config, scale);
  return {.tile = latents.tile * scale,
          .step = latents.step * scale,
          .blend = latents.tile - latents.step,
          .keep = latents.step};
}

VaeTileGrid DecoderGrid(const VaeConfig& config) {
  const int64_t scale = SpatialScale(config.up_blocks);
  VaeTileGrid grid = LatentGrid(config, scale);
  grid.blend = (grid.tile - grid.step) * scale;
  grid.keep = grid.step * scale;
  grid.has_corner = true;
  return grid;
}

absl::StatusOr<at::Tensor> PassByTiles(const std::optional<VaeTileGrid>& grid, const at::Tensor& x, VaeTilePass pass) {
  size_t index = 0;
  if (!grid.has_value() || FitsOneTile(*grid, x))
    return pass(x, index);
  std::vector<at::Tensor> above;
  std::vector<at::Tensor> joined;
  for (int64_t top = 0; top < x.size(kHeight); top += grid->step) {
    RUYI_ASSIGN_OR_RETURN(std::vector<at::Tensor> row, PassRow(*grid, Cut(x, kHeight, top, grid->tile), index, pass));
    joined.push_back(JoinRow(*grid, above, row));
    above = std::move(row);
  }
  const at::Tensor whole = at::cat(joined, kHeight);
  if (grid->has_corner) {
    RUYI_ASSIGN_OR_RETURN(const at::Tensor corner,
                          pass(CutEnd(CutEnd(x, kHeight, grid->tile), kWidth, grid->tile), index));
    FadeInCorner(corner, whole);
  }
  return whole;
}

}  // namespace ruyi
