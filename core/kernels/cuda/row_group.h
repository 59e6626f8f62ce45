// Computes the attention of the 64 rows of a warp group, from what lies in shared memory. Before it:
// attention_heads.cu, which loads that. After it: hopper.h. Device code; each group has one of its own. Source: Dao et
// al. 2022 and Shah et al. 2024 (FlashAttention 1 and 3).
#pragma once

#include <cmath>
#include <cstdint>

#include "core/kernels/cuda/attention_tile.h"
#include "core/kernels/cuda/hopper.h"
#include "core/kernels/cuda/launch.h"

namespace ruyi::kernels::cuda {

// Returns 2 to the power of x.
__device__ inline float PowerOf2(float x) {
  float power;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(power) : "f"(x));
  return power;
}

// Returns two numbers in bfloat16.
__device__ inline uint32_t RoundPair(float low, float high) {
  uint32_t pair;
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(pair) : "f"(high), "f"(low));
  return pair;
}

// Holds a thread's part of a group's 64 rows: of the rows r and r + 8 each, by turns, two neighbouring numbers of
// eight.
class RowGroup {
 public:
  __device__ RowGroup(const Addresses& addresses, float scale)
      : addresses_(addresses), scale_(scale), group_(threadIdx.x / kGroupThreads) {}

  // Begins a tile: scores of the first block of keys, of which `valid` exist.
  __device__ void Begin(int valid) {
    Await(Full(addresses_.QueryGate()), query_phase_);
    query_phase_ ^= 1;
#pragma unroll
    for (float& out : outs_)
      out = 0;
    Await(Full(addresses_.KeyGate(key_stage_.index)), key_stage_.phase);
    StartScores();
    AwaitProducts<0>(scores_);
    LeaveKeys();
    HideBeyond(valid);
    SetMaxima();
    sums_[0] = sums_[1] = 0;
    SetWeights();
  }

  // Takes the next block of keys, and the values of the one before it. Nothing is gained where the exponentials of the
  // scores do not wait for the product with the values: the other groups' products fill the time.
  __device__ void Continue() {
    Await(Full(addresses_.KeyGate(key_stage_.index)), key_stage_.phase);
    StartScores();
    StartOuts();
    AwaitProducts<1>(scores_);
    LeaveKeys();
    const bool is_scaled = RaiseMaxima();
    AwaitProducts<0>(outs_);
    LeaveValues();
    if (is_scaled)
      ScaleOuts();
    SetWeights();
  }

  // Takes the last values.
  __device__ void End() {
    if (threadIdx.x % kWarpThreads == 0)
      Arrive(Empty(addresses_.QueryGate()));
    StartOuts();
#pragma unroll
    for (int row = 0; row < 2; ++row)
      factors_[row] = 1 / SumOfRow(sums_[row]);
    AwaitProducts<0>(outs_);
    LeaveValues();
    ScaleOuts();
  }

  // Stores the rows, those beyond the last token left out.
  __device__ void Store(const Arguments& arguments, BoxPlace place) const {
    const bool is_first_warp = threadIdx.x / kWarpThreads % (kGroupThreads / kWarpThreads) == 0;
    if (is_first_warp)
      AwaitReads();
    SyncThreads(1 + group_, kGroupThreads);
    WriteOuts();
    FenceWrites();
    SyncThreads(1 + group_, kGroupThreads);
    place.row += group_ * kGroupRows;
    if (threadIdx.x % kGroupThreads != 0 || place.row >= arguments.tokens)
      return;
    for (int box = 0; box < kBoxes; ++box, place.number += kBoxNumbers)
      StoreBox(arguments.out, addresses_.Outs(group_) + box * kGroupRows * kBoxBytes, place);
    CommitStores();
  }

 private:
  // A maximum that is too low by less than this power of 2 stays, since weights are as exact at any size.
  static constexpr float kSlack = 8;

  __device__ void StartScores() {
    const uint64_t queries = DescribeMatrix(addresses_.Queries() + group_ * kGroupRows * kBoxBytes);
    const uint64_t keys = DescribeMatrix(addresses_.Keys(key_stage_.index));
    FenceProducts();
    Multiply<false>(scores_, queries, keys);
#pragma unroll
    for (int step = 1; step < kRowBytes / 32; ++step) {
      const int box = step / 2;
      const int within = step % 2 * 32;
      Multiply<true>(scores_, queries + Later(box * kRows * kBoxBytes + within),
                     keys + Later(box * kKeys * kBoxBytes + within));
    }
    CommitProducts();
  }

  __device__ void StartOuts() {
    Await(Full(addresses_.ValueGate(value_stage_.index)), value_stage_.phase);
    const uint64_t values = DescribeMatrix(addresses_.Values(value_stage_.index), kKeys * kBoxBytes);
    FenceProducts();
#pragma unroll
    for (int step = 0; step < kSteps; ++step)
      MultiplyAdd(outs_, weights_[step], values + Later(step * 16 * kBoxBytes));
    CommitProducts();
  }

  __device__ void LeaveKeys() {
    LeaveInCluster(addresses_.KeyGate(key_stage_.index));
    key_stage_.Advance();
  }
  __device__ void LeaveValues() {
    LeaveInCluster(addresses_.ValueGate(value_stage_.index));
    value_stage_.Advance();
  }

  __device__ void HideBeyond(int valid) {
    const int first = threadIdx.x % 4 * 2;
#pragma unroll
    for (int i = 0; i < kScores; ++i) {
      if (i / 4 * 8 + i % 2 + first >= valid)
        scores_[i] = -INFINITY;
    }
  }

  // The largest score of a row, scaled; four lanes share the row.
  __device__ float MaximumOfRow(int row) const {
    float even = scores_[2 * row];
    float odd = scores_[2 * row + 1];
#pragma unroll
    for (int i = 4; i < kScores; i += 4) {
      even = fmaxf(even, scores_[i + 2 * row]);
      odd = fmaxf(odd, scores_[i + 2 * row + 1]);
    }
    float maximum = fmaxf(even, odd);
    maximum = fmaxf(maximum, __shfl_xor_sync(0xffffffff, maximum, 1));
    return scale_ * fmaxf(maximum, __shfl_xor_sync(0xffffffff, maximum, 2));
  }
  __device__ static float SumOfRow(float sum) {
    sum += __shfl_xor_sync(0xffffffff, sum, 1);
    return sum + __shfl_xor_sync(0xffffffff, sum, 2);
  }

  __device__ void SetMaxima() {
#pragma unroll
    for (int row = 0; row < 2; ++row)
      maxima_[row] = MaximumOfRow(row);
  }

  // Returns true when a maximum was raised, so that the outs must be scaled by factors_.
  __device__ bool RaiseMaxima() {
    const float found[2] = {MaximumOfRow(0), MaximumOfRow(1)};
    const bool is_raised = found[0] > maxima_[0] + kSlack || found[1] > maxima_[1] + kSlack;
    factors_[0] = factors_[1] = 1;
    if (!__any_sync(0xffffffff, is_raised))
      return false;
#pragma unroll
    for (int row = 0; row < 2; ++row) {
      const float maximum = fmaxf(maxima_[row], found[row]);
      factors_[row] = PowerOf2(maxima_[row] - maximum);
      maxima_[row] = maximum;
      sums_[row] *= factors_[row];
    }
    return true;
  }

  // Makes weights of the scores, and adds them up before they are rounded.
  __device__ void SetWeights() {
#pragma unroll
    for (int i = 0; i < kScores; ++i)
      scores_[i] = PowerOf2(fmaf(scores_[i], scale_, -maxima_[i / 2 % 2]));
#pragma unroll
    for (int row = 0; row < 2; ++row) {
      float even = scores_[2 * row];
      float odd = scores_[2 * row + 1];
#pragma unroll
      for (int i = 4; i < kScores; i += 4) {
        even += scores_[i + 2 * row];
        odd += scores_[i + 2 * row + 1];
      }
      sums_[row] += even + odd;
    }
#pragma unroll
    for (int i = 0; i < kScores; i += 2)
      weights_[i / 8][i / 2 % 4] = RoundPair(scores_[i], scores_[i + 1]);
  }

  __device__ void ScaleOuts() {
#pragma unroll
    for (int i = 0; i < kOuts; ++i)
      outs_[i] *= factors_[i / 2 % 2];
  }

  // Puts the outs into shared memory, swizzled as the copy expects them.
  __device__ void WriteOuts() const {
    const int lane = threadIdx.x % kWarpThreads;
    const int row = threadIdx.x % kGroupThreads / kWarpThreads * 16 + lane % 16;
    const uint32_t outs = addresses_.Outs(group_) + row * kBoxBytes;
#pragma unroll
    for (int step = 0; step < kRowBytes / 32; ++step) {
      uint32_t words[4];
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        const int first = step * 8 + i * 2;
        words[i] = first < kOuts ? RoundPair(outs_[first], outs_[first + 1]) : 0;
      }
      const int vector = (step % 2 * 2 + lane / 16) ^ (row / 2 % 4);
      StoreMatrices(outs + step / 2 * kGroupRows * kBoxBytes + vector * kVectorBytes, words);
    }
  }

  Addresses addresses_;
  float scale_;
  int group_;
  int query_phase_ = 0;
  Stage key_stage_;
  Stage value_stage_;
  float scores_[kScores];
  float outs_[kOuts];
  uint32_t weights_[kSteps][4];
  float maxima_[2];  // of a row's scaled scores, or a little less
  float sums_[2];    // of this thread's weights
  float factors_[2];
};

}  // namespace ruyi::kernels::cuda
