// The first half of a row times the gelu of the second: each thread one vector.
#include "core/kernels/cuda/vectors.h"

namespace ruyi::kernels::cuda {
namespace {

constexpr int kThreads = 256;

// Returns x times the share of a normal distribution that lies below x.
__device__ float Gelu(float x) {
  constexpr float kSqrtHalf = 0.70710678118654752440f;
  return 0.5f * x * (1.0f + erff(x * kSqrtHalf));
}

template <typename T>
__global__ void __launch_bounds__(kThreads) GatedRowsKernel(const GatedRows rows) {
  const uint32_t place = blockIdx.x * kThreads + threadIdx.x;
  const uint32_t vectors = rows.width / kPerVector<T>;
  const uint32_t row = place / vectors;
  if (row >= rows.rows)
    return;
  float numbers[kPerVector<T>];
  float gates[kPerVector<T>];
  Widen<T>(LoadVector(rows.x, place + static_cast<int64_t>(row) * vectors), numbers);
  Widen<T>(LoadVector(rows.x, place + static_cast<int64_t>(row + 1) * vectors), gates);
#pragma unroll
  for (int i = 0; i < kPerVector<T>; ++i)
    numbers[i] *= Gelu(gates[i]);
  StoreVector(rows.out, place, Round<T>(numbers));
}

template <typename T>
cudaError_t Launch(const GatedRows& rows, cudaStream_t stream) {
  const uint32_t places = rows.rows * (rows.width / kPerVector<T>);
  GatedRowsKernel<T><<<BlocksFor(places, kThreads), kThreads, 0, stream>>>(rows);
  return cudaGetLastError();
}

}  // namespace

extern "C" cudaError_t RuyiLaunchGatedRows(const GatedRows* rows, cudaStream_t stream) {
  return ForElement(rows->element, [&](auto zero) { return Launch<decltype(zero)>(*rows, stream); });
}

}  // namespace ruyi::kernels::cuda
