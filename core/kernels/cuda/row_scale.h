// Rounds a row, whose numbers a block of threads holds, to 8 bits with a scale. Before it: the kernels that compute
// rows. After it: products of 8 bits. Device code without state.
#pragma once

#include <cuda_fp8.h>

#include "core/kernels/cuda/vectors.h"

namespace ruyi::kernels::cuda {

// Returns the largest value in the block, the same in all threads. `maxima` is used once.
template <int kWarps>
__device__ float MaximumOfBlock(float value, float (&maxima)[kWarps]) {
#pragma unroll
  for (int distance = 16; distance > 0; distance /= 2)
    value = fmaxf(value, __shfl_xor_sync(0xffffffff, value, distance));
  if (threadIdx.x % 32 == 0)
    maxima[threadIdx.x / 32] = value;
  __syncthreads();
  float maximum = maxima[0];
#pragma unroll
  for (int warp = 1; warp < kWarps; ++warp)
    maximum = fmaxf(maximum, maxima[warp]);
  return maximum;
}

// Returns four numbers in 8 bits, the first in the lowest. What is too large becomes the largest number.
__device__ inline uint32_t RoundTo8Bits(const float* numbers, float factor) {
  const __nv_fp8x2_storage_t low =
      __nv_cvt_float2_to_fp8x2(make_float2(numbers[0] * factor, numbers[1] * factor), __NV_SATFINITE, __NV_E4M3);
  const __nv_fp8x2_storage_t high =
      __nv_cvt_float2_to_fp8x2(make_float2(numbers[2] * factor, numbers[3] * factor), __NV_SATFINITE, __NV_E4M3);
  return static_cast<uint32_t>(low) | static_cast<uint32_t>(high) << 16;
}

// Stores the row of this block in 8 bits, and its scale. The numbers are computed as core/tensor/scaled_rows.h says.
template <typename T, int kThreads, int kVectors>
__device__ void StoreScaled(RowPart<T, kThreads, kVectors>& row, void* out, float* scales,
                            float (&maxima)[kThreads / 32]) {
  constexpr int kWords = kPerVector<T> / 4;  // of 8-bit numbers that a vector becomes
  float largest = 0;
  row.ForEach([&](float& number, int) { largest = fmaxf(largest, fabsf(number)); });
  largest = MaximumOfBlock(largest, maxima);
  const float scale = largest < kLeastScaledRow ? 1.0F : __fdiv_rn(largest, kLargest8Bits);
  const float factor = __frcp_rn(scale);
  uint32_t* const words = static_cast<uint32_t*>(out) + static_cast<int64_t>(blockIdx.x) * row.count * kWords;
#pragma unroll
  for (int v = 0; v < kVectors; ++v) {
    if (!row.Holds(v))
      continue;
    uint32_t rounded[kWords];
#pragma unroll
    for (int i = 0; i < kWords; ++i)
      rounded[i] = RoundTo8Bits(&row.numbers[v][4 * i], factor);
    if constexpr (kWords == 2)
      reinterpret_cast<uint2*>(words)[row.Index(v)] = make_uint2(rounded[0], rounded[1]);
    else
      words[row.Index(v)] = rounded[0];
  }
  if (threadIdx.x == 0)
    scales[blockIdx.x] = scale;
}

}  // namespace ruyi::kernels::cuda
