// Adds up rows of channels, and blends frames of them.
#include "core/kernels/cuda/channels.h"

namespace ruyi::kernels::cuda {
namespace {

constexpr uint32_t kRowsOfThread = 8;

template <typename T>
__global__ void __launch_bounds__(kChannelThreads) SumRowsKernel(const SumRows rows) {
  constexpr int kNumbers = kPerVector<T>;
  const ChannelPlace place(rows.channels / kNumbers);
  const FramePlace frame(rows.shape);
  const int64_t from = frame.FirstRow(rows.x_pitch);
  const int64_t beside = frame.FirstRow(rows.second_pitch);
  const int64_t to = frame.FirstRow(rows.out_pitch);
  float offset[kNumbers];
  float second_offset[kNumbers];
  LoadShared<T>(rows.offset, place.column, offset);
  LoadShared<T>(rows.second_offset, place.column, second_offset);
#pragma unroll
  for (int i = 0; i < kNumbers; ++i)
    offset[i] += second_offset[i];
  const uint32_t begin = blockIdx.x * place.lanes * kRowsOfThread + place.lane;
#pragma unroll
  for (uint32_t k = 0; k < kRowsOfThread; ++k) {
    const uint32_t row = begin + k * place.lanes;
    if (row >= rows.shape.rows)
      return;
    float numbers[kNumbers];
    float second[kNumbers] = {};
    // Not through the cache of what never changes: `out` may be x.
    Widen<T>({.words = static_cast<const uint4*>(rows.x)[place.Index(from + row)]}, numbers);
    if (rows.second != nullptr)
      Widen<T>(LoadVector(rows.second, place.Index(beside + row)), second);
#pragma unroll
    for (int i = 0; i < kNumbers; ++i)
      numbers[i] += offset[i] + second[i];
    StoreVector(rows.out, place.Index(to + row), Round<T>(numbers));
  }
}

// Stores a frame that lies a quarter of the way to its neighbour.
template <typename T>
__device__ void StoreBlend(void* to, int64_t index, const float (&frame)[kPerVector<T>],
                           const float (&neighbour)[kPerVector<T>], const float (&offset)[kPerVector<T>]) {
  constexpr float kWeight = 0.25;
  float numbers[kPerVector<T>];
#pragma unroll
  for (int i = 0; i < kPerVector<T>; ++i)
    numbers[i] = frame[i] + kWeight * (neighbour[i] - frame[i]) + offset[i];
  StoreVector(to, index, Round<T>(numbers));
}

template <typename T>
__global__ void __launch_bounds__(kChannelThreads) BlendFramesKernel(const BlendedFrames clips) {
  constexpr int kNumbers = kPerVector<T>;
  const ChannelPlace place(clips.channels / kNumbers);
  const uint32_t pixel = blockIdx.x * place.lanes + place.lane;
  if (pixel >= clips.pixels)
    return;
  float offset[kNumbers];
  LoadShared<T>(clips.offset, place.column, offset);
  const int64_t first = static_cast<int64_t>(blockIdx.y) * clips.frames;
  const auto load = [&](uint32_t frame, float(&numbers)[kNumbers]) {
    Widen<T>(LoadVector(clips.x, place.Index((first + frame) * clips.pixels + pixel)), numbers);
  };
  float before[kNumbers];
  float frame[kNumbers];
  load(0, before);
  load(0, frame);
  for (uint32_t t = 0; t < clips.frames; ++t) {
    float after[kNumbers];
    load(t + 1 < clips.frames ? t + 1 : t, after);
    const int64_t out = (2 * (first + t)) * clips.pixels + pixel;
    StoreBlend<T>(clips.out, place.Index(out), frame, before, offset);
    StoreBlend<T>(clips.out, place.Index(out + clips.pixels), frame, after, offset);
#pragma unroll
    for (int i = 0; i < kNumbers; ++i) {
      before[i] = frame[i];
      frame[i] = after[i];
    }
  }
}

template <typename T>
cudaError_t Launch(const SumRows& rows, cudaStream_t stream) {
  const uint32_t rows_of_block = kRowsOfThread * (kChannelThreads / (rows.channels / kPerVector<T>));
  const dim3 grid(BlocksFor(rows.shape.rows, rows_of_block), rows.shape.clips * rows.shape.frames);
  SumRowsKernel<T><<<grid, kChannelThreads, 0, stream>>>(rows);
  return cudaGetLastError();
}

template <typename T>
cudaError_t Launch(const BlendedFrames& clips, cudaStream_t stream) {
  const uint32_t pixels_of_block = kChannelThreads / (clips.channels / kPerVector<T>);
  BlendFramesKernel<T>
      <<<dim3(BlocksFor(clips.pixels, pixels_of_block), clips.clips), kChannelThreads, 0, stream>>>(clips);
  return cudaGetLastError();
}

}  // namespace

extern "C" cudaError_t RuyiLaunchSumRows(const SumRows* rows, cudaStream_t stream) {
  return ForElement(rows->element, [&](auto zero) { return Launch<decltype(zero)>(*rows, stream); });
}

extern "C" cudaError_t RuyiLaunchBlendedFrames(const BlendedFrames* frames, cudaStream_t stream) {
  return ForElement(frames->element, [&](auto zero) { return Launch<decltype(zero)>(*frames, stream); });
}

}  // namespace ruyi::kernels::cuda
