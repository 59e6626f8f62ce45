// Normalises rows of a few vectors and turns their pairs. kLanes neighbouring lanes of a warp share a row.
#include "core/kernels/cuda/vectors.h"

namespace ruyi::kernels::cuda {
namespace {

constexpr int kThreads = 256;

// The sum over kLanes lanes, the same in all of them.
template <int kLanes>
__device__ float SumOfLanes(float value) {
#pragma unroll
  for (int distance = kLanes / 2; distance > 0; distance /= 2)
    value += __shfl_xor_sync(0xffffffff, value, distance);
  return value;
}

// Multiplies (x, y), as a complex number, by (cosine, sine).
__device__ void TurnPair(float& x, float& y, float cosine, float sine) {
  const float turned = x * cosine - y * sine;
  y = x * sine + y * cosine;
  x = turned;
}

// `table`: the token's row, two pairs in a float4.
template <typename T, int kLanes, int kVectors>
__device__ void Turn(RowPart<T, kLanes, kVectors>& row, const float4* table) {
  constexpr int kTurns = kPerVector<T> / 4;  // of a vector
  float4 turns[kVectors][kTurns] = {};
#pragma unroll
  for (int v = 0; v < kVectors; ++v) {
#pragma unroll
    for (int i = 0; i < kTurns; ++i) {
      if (row.Holds(v))
        turns[v][i] = __ldg(table + row.Index(v) * kTurns + i);
    }
  }
#pragma unroll
  for (int v = 0; v < kVectors; ++v) {
#pragma unroll
    for (int i = 0; i < kTurns; ++i) {
      float* numbers = &row.numbers[v][4 * i];
      TurnPair(numbers[0], numbers[1], turns[v][i].x, turns[v][i].y);
      TurnPair(numbers[2], numbers[3], turns[v][i].z, turns[v][i].w);
    }
  }
}

// All lanes of a warp stay until the end; those of rows beyond the last hold nothing. With 3 vectors 4 blocks fit a
// multiprocessor, in 64 registers a thread.
template <typename T, int kLanes, int kVectors>
__global__ void __launch_bounds__(kThreads, kVectors < 4 ? 4 : 3)
    NarrowRowsKernel(const NarrowRows rows, const float inverse_width) {
  const uint32_t index = blockIdx.x * (kThreads / kLanes) + threadIdx.x / kLanes;  // in the batch
  const int vectors = rows.width / kPerVector<T>;
  const int64_t begin = (static_cast<int64_t>(blockIdx.y) * rows.rows + index) * vectors;
  RowPart<T, kLanes, kVectors> row;
  row.first = threadIdx.x % kLanes;
  row.count = index < rows.rows ? vectors : 0;
  row.Set(row.Load(rows.x, begin));
  if (rows.normalizes) {
    row.Normalize(rows.eps, inverse_width, [](float value, int) { return SumOfLanes<kLanes>(value); });
    row.ScaleAndShift(rows.weight, rows.bias);
  }
  if (rows.table != nullptr) {
    const int64_t token = index / rows.heads;
    Turn(row, reinterpret_cast<const float4*>(rows.table) + token * (rows.width / 4));
  }
  row.Store(rows.out, begin);
}

template <typename T, int kLanes, int kVectors>
cudaError_t Launch(const NarrowRows& rows, cudaStream_t stream) {
  const dim3 blocks(BlocksFor(rows.rows, kThreads / kLanes), rows.batches);
  const float inverse_width = 1.0f / static_cast<float>(rows.width);
  NarrowRowsKernel<T, kLanes, kVectors><<<blocks, kThreads, 0, stream>>>(rows, inverse_width);
  return cudaGetLastError();
}

// Few lanes with some vectors each: the 11 vectors of 88 numbers nearly fill the 12 places of 4 lanes.
template <typename T>
cudaError_t LaunchFor(const NarrowRows& rows, cudaStream_t stream) {
  const int vectors = rows.width / kPerVector<T>;
  if (vectors <= 12)
    return Launch<T, 4, 3>(rows, stream);
  if (vectors <= 32)
    return Launch<T, 8, 4>(rows, stream);
  return Launch<T, 16, kNarrowVectors / 16>(rows, stream);
}

}  // namespace

extern "C" cudaError_t RuyiLaunchNarrowRows(const NarrowRows* rows, cudaStream_t stream) {
  return ForElement(rows->element, [&](auto zero) { return LaunchFor<decltype(zero)>(*rows, stream); });
}

}  // namespace ruyi::kernels::cuda
