// Joins two rows and normalises the result. A block of threads shares a row.
#include "core/kernels/cuda/row_scale.h"
#include "core/kernels/cuda/vectors.h"

namespace ruyi::kernels::cuda {
namespace {

constexpr int kThreads = 128;
constexpr int kWarps = kThreads / 32;

template <typename T, int kVectors>
using Part = RowPart<T, kThreads, kVectors>;

// The sum over the block, the same in all threads, added up in the same order always. `sums` is used once.
__device__ float SumOfBlock(float value, float (&sums)[kWarps]) {
#pragma unroll
  for (int distance = 16; distance > 0; distance /= 2)
    value += __shfl_xor_sync(0xffffffff, value, distance);
  if (threadIdx.x % 32 == 0)
    sums[threadIdx.x / 32] = value;
  __syncthreads();
  float sum = 0;
#pragma unroll
  for (int warp = 0; warp < kWarps; ++warp)
    sum += sums[warp];
  return sum;
}

// Adds `second` and writes the sum, which is rounded before anything else is computed of it.
template <typename T, int kVectors>
__device__ void AddSecond(const WideRows& rows, Part<T, kVectors>& row) {
  const int64_t second_row = blockIdx.x % rows.second_period / rows.second_span;
  row.Add(row.Load(rows.second, second_row * row.count));
  row.Store(rows.sum, static_cast<int64_t>(blockIdx.x) * row.count);
}

// The row of x and behind it that of `second`.
template <typename T, int kVectors>
__device__ void SetToBoth(const WideRows& rows, Part<T, kVectors>& row) {
  const int half = row.count / 2;
  const int64_t begin = static_cast<int64_t>(blockIdx.x) * half;
  typename Part<T, kVectors>::Loaded loaded = {};
#pragma unroll
  for (int v = 0; v < kVectors; ++v) {
    const int at = row.Index(v);
    const bool is_second = at >= half;
    if (row.Holds(v))
      loaded.vectors[v] = LoadVector(is_second ? rows.second : rows.x, begin + at - (is_second ? half : 0));
  }
  row.Set(loaded);
}

template <typename T, Join kJoin, int kVectors>
__global__ void __launch_bounds__(kThreads) WideRowsKernel(const WideRows rows, const float inverse_width) {
  __shared__ float sums[3][kWarps];  // of the mean, of the variance; the maxima
  Part<T, kVectors> row;
  row.first = threadIdx.x;
  row.count = rows.width / kPerVector<T> * (kJoin == Join::kConcatenate ? 2 : 1);
  const int64_t begin = static_cast<int64_t>(blockIdx.x) * row.count;
  if constexpr (kJoin == Join::kConcatenate)
    SetToBoth(rows, row);
  else
    row.Set(row.Load(rows.x, begin));
  if constexpr (kJoin == Join::kSum)
    AddSecond(rows, row);
  row.Normalize(rows.eps, inverse_width, [&](float value, int use) { return SumOfBlock(value, sums[use]); });
  row.ScaleAndShift(rows.weight, rows.bias);
  if (rows.shift != nullptr)
    row.Add(row.Load(rows.shift, static_cast<int64_t>(blockIdx.x / rows.shift_span) * row.count));
  if (rows.rounded == nullptr)
    return row.Store(rows.out, begin);
  row.RoundNumbers();
  StoreScaled(row, rows.rounded, rows.scales, sums[2]);
}

template <typename T, Join kJoin, int kVectors>
cudaError_t Launch(const WideRows& rows, cudaStream_t stream) {
  const float inverse_width = 1.0f / static_cast<float>(rows.width * (kJoin == Join::kConcatenate ? 2 : 1));
  WideRowsKernel<T, kJoin, kVectors><<<rows.rows, kThreads, 0, stream>>>(rows, inverse_width);
  return cudaGetLastError();
}

// The 352 vectors of 2816 numbers of 16 bits nearly fill 3 places of each thread, twice as many 6 and four times 11.
template <typename T, Join kJoin>
cudaError_t LaunchFor(const WideRows& rows, cudaStream_t stream) {
  const int vectors = rows.width / kPerVector<T> * (kJoin == Join::kConcatenate ? 2 : 1);
  if (vectors <= 1 * kThreads)
    return Launch<T, kJoin, 1>(rows, stream);
  if (vectors <= 3 * kThreads)
    return Launch<T, kJoin, 3>(rows, stream);
  if (vectors <= 6 * kThreads)
    return Launch<T, kJoin, 6>(rows, stream);
  return Launch<T, kJoin, kWideVectors / kThreads>(rows, stream);
}

template <typename T>
cudaError_t LaunchJoined(const WideRows& rows, cudaStream_t stream) {
  if (rows.join == Join::kSum)
    return LaunchFor<T, Join::kSum>(rows, stream);
  if (rows.join == Join::kConcatenate)
    return LaunchFor<T, Join::kConcatenate>(rows, stream);
  return LaunchFor<T, Join::kNone>(rows, stream);
}

}  // namespace

extern "C" cudaError_t RuyiLaunchWideRows(const WideRows* rows, cudaStream_t stream) {
  return ForElement(rows->element, [&](auto zero) { return LaunchJoined<decltype(zero)>(*rows, stream); });
}

}  // namespace ruyi::kernels::cuda
