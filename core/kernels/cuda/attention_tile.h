// Says how the attention of heads is cut into tiles, and what of a tile lies where in a block's shared memory. Before
// and after it: row_group.h, attention_heads.cu. Device code without state.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/kernels/cuda/hopper.h"
#include "core/kernels/cuda/launch.h"

namespace ruyi::kernels::cuda {

inline constexpr int kWarpThreads = 32;
inline constexpr int kGroupThreads = 128;
inline constexpr int kGroups = 3;  // that compute
inline constexpr int kThreads = (kGroups + 1) * kGroupThreads;
inline constexpr int kGroupRows = 64;
inline constexpr int kRows = kGroups * kGroupRows;  // of a tile
inline constexpr int kKeys = 112;                   // of a block of them
inline constexpr int kSteps = kKeys / 16;           // of a product that adds up over the keys
inline constexpr int kStages = 2;

// A row of a head is copied as three boxes of 32 numbers, of which the last has 8 zeros at its end.
inline constexpr int kBoxes = 3;
inline constexpr int kBoxNumbers = 32;
inline constexpr int kBoxBytes = 64;  // of a row
inline constexpr int kRowBytes = kBoxes * kBoxBytes;
inline constexpr int kAlignment = 1024;

inline constexpr int kScores = kKeys / 2;  // that a thread has: two rows' share
inline constexpr int kOuts = kHeadNumbers / 2;

// A barrier that copies fill and one that those who have read arrive at.
struct Gate {
  uint64_t full;
  uint64_t empty;
};

// Lays out shared memory. In matrices a row's boxes lie apart, each among those of the other rows.
struct Shared {
  uint8_t queries[kRows * kRowBytes];
  uint8_t keys[kStages][kKeys * kRowBytes];
  uint8_t values[kStages][kKeys * kRowBytes];
  uint8_t outs[kGroups][kGroupRows * kRowBytes];
  Gate query_gate;
  Gate key_gates[kStages];
  Gate value_gates[kStages];
};

inline constexpr int kSharedBytes = sizeof(Shared) + kAlignment;

struct Arguments {
  CUtensorMap queries;
  CUtensorMap keys;
  CUtensorMap values;
  CUtensorMap out;
  int tokens;
  int heads;
  int spans;    // clusters that a head takes
  int tiles;    // clusters that all take
  float scale;  // to powers of 2
};

// Calls action(first row of this block's tile, head, batch) for each tile of the block.
template <typename Action>
__device__ inline void ForEachTile(const Arguments& arguments, const Action& action) {
  for (int tile = blockIdx.x / kCluster; tile < arguments.tiles; tile += gridDim.x / kCluster) {
    const int row = (tile % arguments.spans * kCluster + ClusterRank()) * kRows;
    const int head = tile / arguments.spans;
    action(BoxPlace{.number = 0, .head = head % arguments.heads, .row = row, .batch = head / arguments.heads});
  }
}

__device__ inline int BlocksOfKeys(const Arguments& arguments) {
  return (arguments.tokens + kKeys - 1) / kKeys;
}

// A place in a ring of stages.
struct Stage {
  int index = 0;
  int phase = 0;

  __device__ void Advance() {
    if (++index == kStages) {
      index = 0;
      phase ^= 1;
    }
  }
};

// Addresses of what lies in Shared.
struct Addresses {
  uint32_t base;

  __device__ uint32_t Queries() const { return base + offsetof(Shared, queries); }
  __device__ uint32_t Keys(int stage) const { return base + offsetof(Shared, keys) + stage * sizeof(Shared::keys[0]); }
  __device__ uint32_t Values(int stage) const {
    return base + offsetof(Shared, values) + stage * sizeof(Shared::values[0]);
  }
  __device__ uint32_t Outs(int group) const { return base + offsetof(Shared, outs) + group * sizeof(Shared::outs[0]); }
  __device__ uint32_t QueryGate() const { return base + offsetof(Shared, query_gate); }
  __device__ uint32_t KeyGate(int stage) const { return base + offsetof(Shared, key_gates) + stage * sizeof(Gate); }
  __device__ uint32_t ValueGate(int stage) const { return base + offsetof(Shared, value_gates) + stage * sizeof(Gate); }
};

__device__ inline uint32_t Full(uint32_t gate) {
  return gate + offsetof(Gate, full);
}
__device__ inline uint32_t Empty(uint32_t gate) {
  return gate + offsetof(Gate, empty);
}

__device__ inline void InitGate(uint32_t gate, int readers) {
  InitBarrier(Full(gate), 1);
  InitBarrier(Empty(gate), readers);
}

// Every warp that reads arrives once; keys and values are read by both blocks of a cluster.
__device__ inline void InitGates(const Addresses& addresses) {
  constexpr int kReaders = kGroups * kGroupThreads / kWarpThreads;
  InitGate(addresses.QueryGate(), kReaders);
  for (int stage = 0; stage < kStages; ++stage) {
    InitGate(addresses.KeyGate(stage), kCluster * kReaders);
    InitGate(addresses.ValueGate(stage), kCluster * kReaders);
  }
  FenceBarriers();
}

// Says that a warp no longer reads what lies behind the gate, in both blocks of the cluster.
__device__ inline void LeaveInCluster(uint32_t gate) {
  const uint32_t lane = threadIdx.x % kWarpThreads;
  if (lane < kCluster)
    ArriveAt(Empty(gate), lane);
}

}  // namespace ruyi::kernels::cuda
