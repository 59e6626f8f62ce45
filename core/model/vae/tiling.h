// Cuts a picture into overlapping tiles and passes each through the layers alone, so that memory is bounded by a tile.
// Before it: vae.cc has cut the clip into chunks. After it: encoder.h and decoder.h, once for each tile. Functions
// without state; thread-safe. Source: tiled_encode and tiled_decode of Ruyi-Models, which pass the whole clip through
// one tile before the next. Here all tiles of a chunk come before the next chunk: the numbers are the same, and frames
// are given early.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstddef>
#include <cstdint>
#include <optional>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "core/model/vae/config.h"

namespace ruyi {

// A grid of square tiles, which begin every `step` rows and columns of the input. The input's borders cut them.
struct VaeTileGrid {
  int64_t tile = 0;         // side of a tile in the input
  int64_t step = 0;         // from tile to tile in the input
  int64_t blend = 0;        // rows and columns of a tile's output that fade in over the tile before
  int64_t keep = 0;         // rows and columns of the output that a tile gives
  bool has_corner = false;  // one more tile, at the lower right corner, fades in over the others towards that corner
  bool operator==(const VaeTileGrid&) const = default;
};

// Return the grids for encoding and for decoding, by the config's tile size and overlap. The reference rounds four
// times: with sizes that do not divide evenly its tiles begin every 36 pixels but give 40 (48 pixels, overlap 0.25),
// and the result is larger than the picture. Here all follows from the tile and its step in latents, so the result has
// the right size; where the reference's fits (384 pixels, overlap 0.25), the grids are the same.
VaeTileGrid EncoderGrid(const VaeConfig& config);
VaeTileGrid DecoderGrid(const VaeConfig& config);

// Computes the output of tile number `index` of the input, [B, C, T, h, w] → [B, C', T', h * s, w * s].
using VaeTilePass = absl::FunctionRef<absl::StatusOr<at::Tensor>(const at::Tensor& tile, size_t index)>;

// Passes x [B, C, T, H, W] through `pass` tile by tile, row by row, and puts the outputs together. When there is no
// grid or neither side is larger than a tile, x is passed as a whole, under the index 0. Returns the first error of
// `pass`.
absl::StatusOr<at::Tensor> PassByTiles(const std::optional<VaeTileGrid>& grid, const at::Tensor& x, VaeTilePass pass);

}  // namespace ruyi
