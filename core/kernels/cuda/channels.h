// Places threads among rows of channels: each has one vector of a row for good, and every so-many-th row. Before it:
// vectors.h. After it: the .cu files that work on the features of the autoencoder. Device code without state.
#pragma once

#include "core/kernels/cuda/vectors.h"

namespace ruyi::kernels::cuda {

struct ChannelPlace {
  int vectors;  // of a row
  int column;   // the thread's vector of each of its rows
  int lane;     // the thread's first row among those that the block takes at once
  int lanes;

  __device__ explicit ChannelPlace(int row_vectors)
      : vectors(row_vectors),
        column(static_cast<int>(threadIdx.x) % row_vectors),
        lane(static_cast<int>(threadIdx.x) / row_vectors),
        lanes(kChannelThreads / row_vectors) {}

  // Returns where the thread's vector of row `row` lies.
  __device__ int64_t Index(int64_t row) const { return row * vectors + column; }
};

// Says which frame of which clip a block of a grid works on whose y counts the frames of all clips.
struct FramePlace {
  uint32_t clip;
  uint32_t frame;

  __device__ explicit FramePlace(const FrameRows& shape)
      : clip(blockIdx.y / shape.frames), frame(blockIdx.y % shape.frames) {}

  // Returns where the frame's first row lies.
  __device__ int64_t FirstRow(const FramePitch& pitch) const { return clip * pitch.clip + frame * pitch.frame; }
};

// Loads the thread's numbers of a row that all rows share; zeros where `from` is null.
template <typename T>
__device__ void LoadShared(const void* from, int column, float (&numbers)[kPerVector<T>]) {
#pragma unroll
  for (int i = 0; i < kPerVector<T>; ++i)
    numbers[i] = 0;
  if (from != nullptr)
    Widen<T>(LoadVector(from, column), numbers);
}

}  // namespace ruyi::kernels::cuda
