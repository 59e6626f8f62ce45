// Divides pieces of one size among slabs whose sizes are powers of two, which is what libtorch takes of pinned memory,
// so that little of it is lost. Before it: how many pieces there are. After it: core/memory, which takes the slabs, and
// core/plan, which predicts them. Functions without state; thread-safe.
#pragma once

#include <bit>
#include <cstdint>

namespace ruyi {

struct PowerSlab {
  int64_t pieces = 0;  // that lie in it, one after the other
  int64_t bytes = 0;   // a power of two
};

// Returns the first slab for `pieces` pieces of `piece_bytes`, both 1 or more: the largest that they fill, or the
// smallest that one of them fits into.
inline PowerSlab FirstSlabOf(int64_t pieces, int64_t piece_bytes) {
  const auto filled = static_cast<int64_t>(std::bit_floor(static_cast<uint64_t>(pieces * piece_bytes)));
  if (filled >= piece_bytes)
    return {.pieces = filled / piece_bytes, .bytes = filled};
  return {.pieces = 1, .bytes = static_cast<int64_t>(std::bit_ceil(static_cast<uint64_t>(piece_bytes)))};
}

// Returns the bytes of all slabs for so many pieces.
inline int64_t SlabBytesOf(int64_t pieces, int64_t piece_bytes) {
  int64_t bytes = 0;
  while (pieces > 0 && piece_bytes > 0) {
    const PowerSlab slab = FirstSlabOf(pieces, piece_bytes);
    bytes += slab.bytes;
    pieces -= slab.pieces;
  }
  return bytes;
}

}  // namespace ruyi
