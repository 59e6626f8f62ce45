// Declares the kernels of this room as a C++ file calls them: with pointers on the device, sizes and a stream. Before
// it: the named functions of core/kernels, which check what is said here. After it: the .cu files. Pointers are aligned
// to 16 bytes, rows lie one behind the other, and a tensor has fewer than 2^31 vectors (of 16 bytes). A launch does not
// block; it returns CUDA's error code for the launch, not for the kernel's run. Statistics and arithmetic are in
// float32, with one rounding at the end; a row's numbers depend on nothing but itself. Functions without state;
// thread-safe.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

namespace ruyi::kernels::cuda {

enum class Element { kFloat32, kBFloat16, kFloat16 };

// The bytes of one load, called a vector. All widths are multiples of the elements in one.
inline constexpr int64_t kVectorBytes = 16;

inline constexpr int kNarrowVectors = 64;     // of a row of NarrowRows, at most
inline constexpr int kWideVectors = 1536;     // of a row of WideRows, at most
inline constexpr int kRoundedVectors = 3072;  // of a row of RoundedRows, at most
inline constexpr int kMostBatches = 65535;

// Rows of which each is computed by a few lanes of a warp: the features of one head.
struct NarrowRows {
  Element element = Element::kFloat32;
  const void* x = nullptr;  // [batches, rows, width]
  void* out = nullptr;      // [batches, rows, width]
  uint32_t batches = 1;     // at most kMostBatches
  uint32_t rows = 0;        // of a batch: its tokens times heads
  int width = 0;            // at most kNarrowVectors vectors; with a table a multiple of 4
  bool normalizes = false;
  const void* weight = nullptr;  // [width], or null: 1
  const void* bias = nullptr;    // [width], or null: 0
  float eps = 0;
  const float* table = nullptr;  // complex [tokens, width / 2] to turn pairs by, or null
  uint32_t heads = 1;            // rows of one token
};

enum class Join {
  kNone,         // x
  kSum,          // x + second, which is also written
  kConcatenate,  // x and behind it second: a row of twice the width
};

// Rows of which each is computed by a block of threads: all features of a token.
struct WideRows {
  Element element = Element::kFloat32;
  Join join = Join::kNone;
  const void* x = nullptr;       // [rows, width]
  const void* second = nullptr;  // [second_period / second_span, width]
  void* sum = nullptr;           // [rows, width]
  void* out = nullptr;           // [rows, width], or [rows, 2 width] of kConcatenate
  uint32_t rows = 0;
  int width = 0;                 // so that a row has at most kWideVectors vectors
  const void* weight = nullptr;  // as wide as out, or null: 1
  const void* bias = nullptr;    // as wide as out, or null: 0
  float eps = 0;
  const void* shift = nullptr;  // [rows / shift_span, width], or null: 0
  uint32_t shift_span = 1;      // rows that share one of shift
  uint32_t second_period = 1;   // after so many rows `second` begins anew
  uint32_t second_span = 1;     // rows that share one of second
  void* rounded = nullptr;      // what is written in the place of out: rows of 8 bits, as RoundedRows makes them
  float* scales = nullptr;      // [rows], with `rounded`
};

inline constexpr float kLargest8Bits = 448;       // of e4m3
inline constexpr float kLeastScaledRow = 1e-30F;  // the largest number of a row that does not become zeros

// Rounds rows to e4m3, each with the scale that makes its largest number kLargest8Bits; that of zeros is 1.
struct RoundedRows {
  Element element = Element::kFloat32;
  const void* x = nullptr;  // [rows, width]
  void* out = nullptr;      // [rows, width], 8 bits each; aligned to 8 bytes
  float* scales = nullptr;  // [rows]
  uint32_t rows = 0;
  int width = 0;           // at most kRoundedVectors vectors
  bool activates = false;  // the gelu (by tanh) of x, rounded to its type, is what is scaled
};

// Multiplies the first half of each row by the gelu of its second half: [rows, 2 width] → [rows, width].
struct GatedRows {
  Element element = Element::kFloat32;
  const void* x = nullptr;
  void* out = nullptr;
  uint32_t rows = 0;
  int width = 0;
};

// Threads of a block that shares rows of channels. The vectors of such a row must divide them.
inline constexpr int kChannelThreads = 256;
inline constexpr int kMostGroupWidth = 64;  // channels of one group of GroupScales

// Where some rows of channels of each frame lie: how many rows it is from one clip, or one frame, to the next.
struct FramePitch {
  int64_t clip = 0;
  int64_t frame = 0;
};

// Some rows of each frame of clips.
struct FrameRows {
  uint32_t clips = 1;
  uint32_t frames = 1;  // of a clip; at most kMostBatches of all clips
  uint32_t rows = 0;    // of a frame
};

// Finds what brings each group of channels of a slice of rows + offset to a mean of 0 and a variance of 1, and then
// scales and shifts it: the two numbers of each channel that a row of x itself is scaled and shifted by.
struct GroupScales {
  Element element = Element::kFloat32;
  const void* x = nullptr;  // [slices, rows, channels]
  uint32_t slices = 1;      // at most kMostBatches; each has statistics of its own
  uint32_t rows = 0;        // of a slice
  int channels = 0;
  const void* offset = nullptr;  // [channels], or null: 0
  int groups = 1;                // divides the channels
  const void* weight = nullptr;  // [channels]
  const void* bias = nullptr;    // [channels]
  float eps = 0;
  float* sums = nullptr;    // room for [slices, SumBlocksOf(...), 2, channels]
  float* scales = nullptr;  // [slices, 2, channels]
};

// Returns how many blocks add up the rows of a slice. It depends on nothing but the shape, and so do the bits.
constexpr uint32_t SumBlocksOf(uint32_t rows, int vectors) {
  constexpr uint32_t kRowsOfThread = 32;
  constexpr uint32_t kMost = 1024;
  const uint32_t rows_of_block = kRowsOfThread * static_cast<uint32_t>(kChannelThreads / vectors);
  const uint32_t blocks = (rows + rows_of_block - 1) / rows_of_block;
  return blocks < kMost ? blocks : kMost;
}

// Scales and shifts rows by what GroupScales found, and where it activates multiplies the result by its logistic
// function (SiLU).
struct ScaledRows {
  Element element = Element::kFloat32;
  FrameRows shape;
  const void* x = nullptr;
  FramePitch x_pitch;
  void* out = nullptr;
  FramePitch out_pitch;
  int channels = 0;
  const float* scales = nullptr;  // [clips, 2, channels]; of frames [clips, frames, 2, channels]
  bool is_of_frames = false;
  bool activates = false;
};

// Adds up x, second and an offset of each.
struct SumRows {
  Element element = Element::kFloat32;
  FrameRows shape;
  const void* x = nullptr;
  FramePitch x_pitch;
  const void* second = nullptr;  // or null: 0
  FramePitch second_pitch;
  void* out = nullptr;  // may be x
  FramePitch out_pitch;
  int channels = 0;
  const void* offset = nullptr;  // [channels], or null: 0
  const void* second_offset = nullptr;
};

// Makes two frames of each: x + offset, a quarter of the way to the frame before it and to the one after it. The first
// and the last frame stand for those that are not there.
struct BlendedFrames {
  Element element = Element::kFloat32;
  const void* x = nullptr;  // [clips, frames, pixels, channels]
  void* out = nullptr;      // [clips, 2 frames, pixels, channels]
  uint32_t clips = 1;       // at most kMostBatches
  uint32_t frames = 0;
  uint32_t pixels = 0;
  int channels = 0;
  const void* offset = nullptr;  // [channels], or null: 0
};

// Brings the exponentials of a row's scores, times `scale`, to a sum of 1.
struct SoftmaxRows {
  Element element = Element::kBFloat16;  // of out: one of 16 bits
  const float* x = nullptr;              // [rows, width]
  void* out = nullptr;                   // [rows, width]
  uint32_t rows = 0;
  int width = 0;  // a multiple of 4
  float scale = 1;
};

inline constexpr int kHeadNumbers = 88;  // of a head that AttentionHeads takes

// Computes the attention of all tokens to all, on a GPU that RuyiAttendsOn names: bfloat16, the softmax in float32.
// What a token becomes depends on its own batch alone.
struct AttentionHeads {
  const void* queries = nullptr;  // [batches, tokens, heads, kHeadNumbers] each
  const void* keys = nullptr;
  const void* values = nullptr;
  void* out = nullptr;
  int batches = 0;
  int tokens = 0;
  int heads = 0;
  float scale = 0;  // of the scores
};

extern "C" {
// Returns true when the GPU `device` runs RuyiLaunchAttentionHeads: those of compute capability 9.0.
bool RuyiAttendsOn(int device);
cudaError_t RuyiLaunchAttentionHeads(const AttentionHeads* heads, cudaStream_t stream);
cudaError_t RuyiLaunchNarrowRows(const NarrowRows* rows, cudaStream_t stream);
cudaError_t RuyiLaunchWideRows(const WideRows* rows, cudaStream_t stream);
// Returns true when the GPU `device` has products of e4m3: those of compute capability 8.9 or more.
bool RuyiMultipliesRowsOn(int device);
cudaError_t RuyiLaunchRoundedRows(const RoundedRows* rows, cudaStream_t stream);
cudaError_t RuyiLaunchGatedRows(const GatedRows* rows, cudaStream_t stream);
cudaError_t RuyiLaunchGroupScales(const GroupScales* rows, cudaStream_t stream);
cudaError_t RuyiLaunchScaledRows(const ScaledRows* rows, cudaStream_t stream);
cudaError_t RuyiLaunchSoftmaxRows(const SoftmaxRows* rows, cudaStream_t stream);
cudaError_t RuyiLaunchSumRows(const SumRows* rows, cudaStream_t stream);
cudaError_t RuyiLaunchBlendedFrames(const BlendedFrames* frames, cudaStream_t stream);
}

}  // namespace ruyi::kernels::cuda
