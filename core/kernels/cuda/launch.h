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

inline constexpr int kNarrowVectors = 64;  // of a row of NarrowRows, at most
inline constexpr int kWideVectors = 1536;  // of a row of WideRows, at most
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
};

// Multiplies the first half of each row by the gelu of its second half: [rows, 2 width] → [rows, width].
struct GatedRows {
  Element element = Element::kFloat32;
  const void* x = nullptr;
  void* out = nullptr;
  uint32_t rows = 0;
  int width = 0;
};

extern "C" {
cudaError_t RuyiLaunchNarrowRows(const NarrowRows* rows, cudaStream_t stream);
cudaError_t RuyiLaunchWideRows(const WideRows* rows, cudaStream_t stream);
cudaError_t RuyiLaunchGatedRows(const GatedRows* rows, cudaStream_t stream);
}

}  // namespace ruyi::kernels::cuda
