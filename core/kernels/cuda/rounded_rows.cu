// Rounds rows to 8 bits with a scale for each. A block of threads shares a row.
#include "core/kernels/cuda/row_scale.h"
#include "core/kernels/cuda/vectors.h"

namespace ruyi::kernels::cuda {
namespace {

// Returns the gelu of x by its approximation with tanh, as x times a logistic function: that is as exact for large
// negative numbers, and the fast exponential and division are more exact than what is rounded to 16 bits next.
__device__ float GeluByTanh(float x) {
  constexpr float kTwoSqrtTwoByPi = 1.59576912160573071176F;
  return x * __fdividef(1.0F, 1.0F + __expf(-kTwoSqrtTwoByPi * (x + 0.044715F * x * x * x)));
}

template <typename T, int kThreads, int kVectors>
__global__ void __launch_bounds__(kThreads) RoundedRowsKernel(const RoundedRows rows) {
  __shared__ float maxima[kThreads / 32];
  RowPart<T, kThreads, kVectors> row;
  row.first = threadIdx.x;
  row.count = rows.width / kPerVector<T>;
  row.Set(row.Load(rows.x, static_cast<int64_t>(blockIdx.x) * row.count));
  if (rows.activates) {
    row.ForEach([](float& number, int) { number = GeluByTanh(number); });
    row.RoundNumbers();
  }
  StoreScaled(row, rows.out, rows.scales, maxima);
}

template <typename T, int kThreads, int kVectors>
cudaError_t Launch(const RoundedRows& rows, cudaStream_t stream) {
  RoundedRowsKernel<T, kThreads, kVectors><<<rows.rows, kThreads, 0, stream>>>(rows);
  return cudaGetLastError();
}

// The 352 vectors of 2816 numbers of 16 bits nearly fill 3 places of 128 threads, twice as many 6; the 1536 of 12288
// fill 6 of 256.
template <typename T>
cudaError_t LaunchFor(const RoundedRows& rows, cudaStream_t stream) {
  const int vectors = rows.width / kPerVector<T>;
  if (vectors <= 1 * 128)
    return Launch<T, 128, 1>(rows, stream);
  if (vectors <= 3 * 128)
    return Launch<T, 128, 3>(rows, stream);
  if (vectors <= 6 * 128)
    return Launch<T, 128, 6>(rows, stream);
  if (vectors <= 6 * 256)
    return Launch<T, 256, 6>(rows, stream);
  return Launch<T, 512, kRoundedVectors / 512>(rows, stream);
}

}  // namespace

extern "C" bool RuyiMultipliesRowsOn(int device) {
  int major = 0;
  int minor = 0;
  return cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, device) == cudaSuccess &&
         cudaDeviceGetAttribute(&minor, cudaDevAttrComputeCapabilityMinor, device) == cudaSuccess &&
         10 * major + minor >= 89;
}

extern "C" cudaError_t RuyiLaunchRoundedRows(const RoundedRows* rows, cudaStream_t stream) {
  return ForElement(rows->element, [&](auto zero) { return LaunchFor<decltype(zero)>(*rows, stream); });
}

}  // namespace ruyi::kernels::cuda
