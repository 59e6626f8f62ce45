// Normalises rows of channels by groups of channels: two kernels find sums of each channel and from them its scale and
// shift, a third one applies these to rows. A block of threads shares rows.
#include "core/kernels/cuda/channels.h"

namespace ruyi::kernels::cuda {
namespace {

constexpr int kScaleThreads = 128;
constexpr int kScaleWarps = kScaleThreads / 32;
constexpr uint32_t kRowsOfThread = 16;  // that are written

// Holds what a block knows of one channel: the sums of its numbers and of their squares, both less a pilot number,
// which keeps the digits of a mean that is large beside the deviation.
template <typename T>
struct ChannelSums {
  static constexpr int kNumbers = kPerVector<T>;
  float shared[2][kNumbers][kChannelThreads];

  // Adds up over the lanes, in the same order always.
  __device__ float Of(int which, int channel, const ChannelPlace& place) const {
    float sum = 0;
    for (int lane = 0; lane < place.lanes; ++lane)
      sum += shared[which][channel % kNumbers][lane * place.vectors + channel / kNumbers];
    return sum;
  }
};

template <typename T>
__global__ void __launch_bounds__(kChannelThreads) SumKernel(const GroupScales rows) {
  constexpr int kNumbers = kPerVector<T>;
  __shared__ ChannelSums<T> block;
  const ChannelPlace place(rows.channels / kNumbers);
  const int64_t first = static_cast<int64_t>(blockIdx.y) * rows.rows;
  float pilot[kNumbers];
  Widen<T>(LoadVector(rows.x, place.Index(first)), pilot);
  float sums[kNumbers] = {};
  float squares[kNumbers] = {};
#pragma unroll 4
  for (uint32_t row = blockIdx.x * place.lanes + place.lane; row < rows.rows; row += gridDim.x * place.lanes) {
    float numbers[kNumbers];
    Widen<T>(LoadVector(rows.x, place.Index(first + row)), numbers);
#pragma unroll
    for (int i = 0; i < kNumbers; ++i) {
      const float number = numbers[i] - pilot[i];
      sums[i] += number;
      squares[i] += number * number;
    }
  }
#pragma unroll
  for (int i = 0; i < kNumbers; ++i) {
    block.shared[0][i][threadIdx.x] = sums[i];
    block.shared[1][i][threadIdx.x] = squares[i];
  }
  __syncthreads();
  float* out = rows.sums + (static_cast<int64_t>(blockIdx.y) * gridDim.x + blockIdx.x) * 2 * rows.channels;
  for (int channel = threadIdx.x; channel < rows.channels; channel += kChannelThreads) {
    out[channel] = block.Of(0, channel, place);
    out[rows.channels + channel] = block.Of(1, channel, place);
  }
}

template <typename T>
__device__ float NumberAt(const void* numbers, int64_t index) {
  return numbers == nullptr ? 0 : static_cast<float>(static_cast<const T*>(numbers)[index]);
}

__device__ double SumOfWarp(double value) {
#pragma unroll
  for (int distance = 16; distance > 0; distance /= 2)
    value += __shfl_xor_sync(0xffffffff, value, distance);
  return value;
}

struct Moments {
  double mean;
  double variance;
};

// Returns the moments of a channel with its offset; the same in all lanes of the warp.
template <typename T>
__device__ Moments MomentsOf(const GroupScales& rows, int channel, uint32_t blocks) {
  const float* from = rows.sums + static_cast<int64_t>(blockIdx.y) * blocks * 2 * rows.channels + channel;
  double sum = 0;
  double squares = 0;
  for (uint32_t block = threadIdx.x % 32; block < blocks; block += 32) {
    sum += from[static_cast<int64_t>(block) * 2 * rows.channels];
    squares += from[(static_cast<int64_t>(block) * 2 + 1) * rows.channels];
  }
  const double mean = SumOfWarp(sum) / rows.rows;
  const double pilot = NumberAt<T>(rows.x, static_cast<int64_t>(blockIdx.y) * rows.rows * rows.channels + channel);
  return {.mean = pilot + NumberAt<T>(rows.offset, channel) + mean,
          .variance = SumOfWarp(squares) / rows.rows - mean * mean};
}

// One block for each group of a slice.
template <typename T>
__global__ void __launch_bounds__(kScaleThreads) ScaleKernel(const GroupScales rows, const uint32_t blocks) {
  __shared__ Moments moments[kMostGroupWidth];
  const int width = rows.channels / rows.groups;
  const int first = static_cast<int>(blockIdx.x) * width;
  for (int i = static_cast<int>(threadIdx.x) / 32; i < width; i += kScaleWarps) {
    const Moments of_channel = MomentsOf<T>(rows, first + i, blocks);
    if (threadIdx.x % 32 == 0)
      moments[i] = of_channel;
  }
  __syncthreads();
  double mean = 0;
  for (int i = 0; i < width; ++i)
    mean += moments[i].mean / width;
  double variance = 0;
  for (int i = 0; i < width; ++i)
    variance += (moments[i].variance + (moments[i].mean - mean) * (moments[i].mean - mean)) / width;
  const float inverse_deviation = static_cast<float>(rsqrt(variance + rows.eps));
  float* scales = rows.scales + static_cast<int64_t>(blockIdx.y) * 2 * rows.channels;
  for (int channel = first + static_cast<int>(threadIdx.x); channel < first + width; channel += kScaleThreads) {
    const float scale = NumberAt<T>(rows.weight, channel) * inverse_deviation;
    const double centre = NumberAt<T>(rows.offset, channel) - mean;
    scales[channel] = scale;
    scales[rows.channels + channel] = static_cast<float>(centre * scale + NumberAt<T>(rows.bias, channel));
  }
}

template <typename T>
__device__ float Silu(float x) {
  if constexpr (sizeof(T) == sizeof(float))
    return x / (1 + expf(-x));
  return __fdividef(x, 1 + __expf(-x));
}

template <typename T, bool kActivates>
__global__ void __launch_bounds__(kChannelThreads) ApplyKernel(const ScaledRows rows) {
  constexpr int kNumbers = kPerVector<T>;
  const ChannelPlace place(rows.channels / kNumbers);
  const FramePlace frame(rows.shape);
  const int64_t slice = rows.is_of_frames ? blockIdx.y : frame.clip;
  const float* scales = rows.scales + slice * 2 * rows.channels + place.column * kNumbers;
  float scale[kNumbers];
  float shift[kNumbers];
#pragma unroll
  for (int i = 0; i < kNumbers; ++i) {
    scale[i] = scales[i];
    shift[i] = scales[rows.channels + i];
  }
  const int64_t from = frame.FirstRow(rows.x_pitch);
  const int64_t to = frame.FirstRow(rows.out_pitch);
  const uint32_t begin = blockIdx.x * place.lanes * kRowsOfThread + place.lane;
#pragma unroll 4
  for (uint32_t k = 0; k < kRowsOfThread; ++k) {
    const uint32_t row = begin + k * place.lanes;
    if (row >= rows.shape.rows)
      return;
    float numbers[kNumbers];
    Widen<T>(LoadVector(rows.x, place.Index(from + row)), numbers);
#pragma unroll
    for (int i = 0; i < kNumbers; ++i) {
      numbers[i] = numbers[i] * scale[i] + shift[i];
      if constexpr (kActivates)
        numbers[i] = Silu<T>(numbers[i]);
    }
    StoreVector(rows.out, place.Index(to + row), Round<T>(numbers));
  }
}

template <typename T>
cudaError_t Launch(const GroupScales& rows, cudaStream_t stream) {
  const uint32_t blocks = SumBlocksOf(rows.rows, rows.channels / kPerVector<T>);
  SumKernel<T><<<dim3(blocks, rows.slices), kChannelThreads, 0, stream>>>(rows);
  ScaleKernel<T><<<dim3(rows.groups, rows.slices), kScaleThreads, 0, stream>>>(rows, blocks);
  return cudaGetLastError();
}

template <typename T>
cudaError_t Launch(const ScaledRows& rows, cudaStream_t stream) {
  const uint32_t rows_of_block = kRowsOfThread * (kChannelThreads / (rows.channels / kPerVector<T>));
  const dim3 grid(BlocksFor(rows.shape.rows, rows_of_block), rows.shape.clips * rows.shape.frames);
  const auto apply = rows.activates ? &ApplyKernel<T, true> : &ApplyKernel<T, false>;
  apply<<<grid, kChannelThreads, 0, stream>>>(rows);
  return cudaGetLastError();
}

}  // namespace

extern "C" cudaError_t RuyiLaunchGroupScales(const GroupScales* rows, cudaStream_t stream) {
  return ForElement(rows->element, [&](auto zero) { return Launch<decltype(zero)>(*rows, stream); });
}

extern "C" cudaError_t RuyiLaunchScaledRows(const ScaledRows* rows, cudaStream_t stream) {
  return ForElement(rows->element, [&](auto zero) { return Launch<decltype(zero)>(*rows, stream); });
}

}  // namespace ruyi::kernels::cuda
