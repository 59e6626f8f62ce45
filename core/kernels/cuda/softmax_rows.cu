// The softmax of long rows: each row by a block of threads, which reads it twice. The second time it comes from the
// cache, and so rows of any length do without shared memory.
#include "core/kernels/cuda/vectors.h"

namespace ruyi::kernels::cuda {
namespace {

constexpr int kThreads = 512;
constexpr int kWarpThreads = 32;
constexpr int kWarps = kThreads / kWarpThreads;
constexpr int kScores = kPerVector<float>;

// Holds the largest of some scores, and the sum of the powers of 2 of their distances to it.
struct Weights {
  float largest = -INFINITY;
  float sum = 0;

  __device__ void Add(const Weights& other) {
    const float both = fmaxf(largest, other.largest);
    if (both == -INFINITY)
      return;
    sum = sum * exp2f(largest - both) + other.sum * exp2f(other.largest - both);
    largest = both;
  }
};

__device__ Weights SumOfWarp(Weights weights) {
#pragma unroll
  for (int distance = kWarpThreads / 2; distance > 0; distance /= 2) {
    weights.Add({.largest = __shfl_xor_sync(0xffffffff, weights.largest, distance),
                 .sum = __shfl_xor_sync(0xffffffff, weights.sum, distance)});
  }
  return weights;
}

// Returns the weights of a row whose parts the threads of the block have; the same in all of them.
__device__ Weights SumOfBlock(const Weights& part) {
  __shared__ Weights of_warps[kWarps];
  const Weights of_warp = SumOfWarp(part);
  if (threadIdx.x % kWarpThreads == 0)
    of_warps[threadIdx.x / kWarpThreads] = of_warp;
  __syncthreads();
  Weights all;
  for (const Weights& weights : of_warps)
    all.Add(weights);
  return all;
}

template <typename T>
__global__ void __launch_bounds__(kThreads) SoftmaxRowsKernel(const SoftmaxRows rows) {
  constexpr float kLog2OfE = 1.4426950408889634f;
  const float scale = rows.scale * kLog2OfE;
  const int vectors = rows.width / kScores;
  const int64_t begin = static_cast<int64_t>(blockIdx.x) * vectors;
  Weights part;
  for (int v = threadIdx.x; v < vectors; v += kThreads) {
    float scores[kScores];
    Widen<float>(LoadVector(rows.x, begin + v), scores);
    Weights four = {.largest = fmaxf(fmaxf(scores[0], scores[1]), fmaxf(scores[2], scores[3])) * scale};
#pragma unroll
    for (const float score : scores)
      four.sum += exp2f(score * scale - four.largest);
    part.Add(four);
  }
  const Weights row = SumOfBlock(part);
  const float share = 1 / row.sum;
  uint2* out = static_cast<uint2*>(rows.out) + begin;
  for (int v = threadIdx.x; v < vectors; v += kThreads) {
    float scores[kScores];
    Widen<float>(LoadVector(rows.x, begin + v), scores);
#pragma unroll
    for (float& score : scores)
      score = exp2f(score * scale - row.largest) * share;
    out[v] = make_uint2(Word<T>::Round(scores), Word<T>::Round(scores + 2));
  }
}

template <typename T>
cudaError_t Launch(const SoftmaxRows& rows, cudaStream_t stream) {
  SoftmaxRowsKernel<T><<<rows.rows, kThreads, 0, stream>>>(rows);
  return cudaGetLastError();
}

}  // namespace

extern "C" cudaError_t RuyiLaunchSoftmaxRows(const SoftmaxRows* rows, cudaStream_t stream) {
  if (rows->element == Element::kFloat16)
    return Launch<__half>(*rows, stream);
  return Launch<__nv_bfloat16>(*rows, stream);
}

}  // namespace ruyi::kernels::cuda
