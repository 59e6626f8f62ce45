// Holds parts of rows as numbers in float32 registers, and loads and stores them 16 bytes at a time. Before and after
// it: the .cu files. Device code without state.
#pragma once

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include "core/kernels/cuda/launch.h"

namespace ruyi::kernels::cuda {

template <typename T>
inline constexpr int kPerVector = kVectorBytes / sizeof(T);

// A vector of 16 bytes, held as 32-bit words, for numbers of 16 bits would be moved one by one.
struct Vector {
  uint4 words = {};

  __device__ uint32_t* begin() { return &words.x; }
  __device__ const uint32_t* begin() const { return &words.x; }
};

// Converts the numbers of one word between their type and float32.
template <typename T>
struct Word;

template <>
struct Word<float> {
  static __device__ void Widen(uint32_t word, float* numbers) { numbers[0] = __uint_as_float(word); }
  static __device__ uint32_t Round(const float* numbers) { return __float_as_uint(numbers[0]); }
};

template <>
struct Word<__nv_bfloat16> {
  // A bfloat16 is the upper half of a float32.
  static __device__ void Widen(uint32_t word, float* numbers) {
    numbers[0] = __uint_as_float(word << 16);
    numbers[1] = __uint_as_float(word & 0xffff0000);
  }
  static __device__ uint32_t Round(const float* numbers) {
    const __nv_bfloat162 pair = __floats2bfloat162_rn(numbers[0], numbers[1]);
    return *reinterpret_cast<const uint32_t*>(&pair);
  }
};

template <>
struct Word<__half> {
  static __device__ void Widen(uint32_t word, float* numbers) {
    const float2 pair = __half22float2(*reinterpret_cast<const __half2*>(&word));
    numbers[0] = pair.x;
    numbers[1] = pair.y;
  }
  static __device__ uint32_t Round(const float* numbers) {
    const __half2 pair = __floats2half2_rn(numbers[0], numbers[1]);
    return *reinterpret_cast<const uint32_t*>(&pair);
  }
};

template <typename T>
__device__ void Widen(const Vector& vector, float (&numbers)[kPerVector<T>]) {
#pragma unroll
  for (int i = 0; i < 4; ++i)
    Word<T>::Widen(vector.begin()[i], numbers + i * kPerVector<T> / 4);
}

template <typename T>
__device__ Vector Round(const float (&numbers)[kPerVector<T>]) {
  Vector vector;
#pragma unroll
  for (int i = 0; i < 4; ++i)
    vector.begin()[i] = Word<T>::Round(numbers + i * kPerVector<T> / 4);
  return vector;
}

__device__ inline Vector LoadVector(const void* from, int64_t index) {
  return {.words = __ldg(static_cast<const uint4*>(from) + index)};
}

__device__ inline void StoreVector(void* to, int64_t index, const Vector& vector) {
  static_cast<uint4*>(to)[index] = vector.words;
}

// Holds the part of a row that one of kStride threads computes: the vectors first, first + kStride, ... of it, up to
// kVectors of them, and zeros in the places beyond the row's end. All loads are started at once, before anything is
// computed.
template <typename T, int kStride, int kVectors>
struct RowPart {
  static constexpr int kNumbers = kPerVector<T>;

  struct Loaded {
    Vector vectors[kVectors];
  };

  int first;
  int count;  // vectors of the row
  float numbers[kVectors][kNumbers];

  __device__ int Index(int v) const { return first + v * kStride; }
  __device__ bool Holds(int v) const { return Index(v) < count; }

  // Loads the numbers of a row. `begin`: the vector that the row begins with.
  __device__ Loaded Load(const void* from, int64_t begin) const {
    Loaded loaded = {};
#pragma unroll
    for (int v = 0; v < kVectors; ++v) {
      if (Holds(v))
        loaded.vectors[v] = LoadVector(from, begin + Index(v));
    }
    return loaded;
  }

  __device__ void Set(const Loaded& loaded) {
#pragma unroll
    for (int v = 0; v < kVectors; ++v)
      Widen<T>(loaded.vectors[v], numbers[v]);
  }

  __device__ void Add(const Loaded& loaded) {
#pragma unroll
    for (int v = 0; v < kVectors; ++v) {
      float other[kNumbers];
      Widen<T>(loaded.vectors[v], other);
#pragma unroll
      for (int i = 0; i < kNumbers; ++i)
        numbers[v][i] += other[i];
    }
  }

  // Computes numbers * weight + bias; null stands for a weight of 1 and a bias of 0.
  __device__ void ScaleAndShift(const void* weight, const void* bias) {
    if (weight == nullptr || bias == nullptr)
      return ScaleOrShift(weight, bias);
    const Loaded weights = Load(weight, 0);
    const Loaded biases = Load(bias, 0);
#pragma unroll
    for (int v = 0; v < kVectors; ++v) {
      float scale[kNumbers];
      float shift[kNumbers];
      Widen<T>(weights.vectors[v], scale);
      Widen<T>(biases.vectors[v], shift);
#pragma unroll
      for (int i = 0; i < kNumbers; ++i)
        numbers[v][i] = numbers[v][i] * scale[i] + shift[i];
    }
  }

  // Calls action(number, place of its vector) for each number.
  template <typename Action>
  __device__ void ForEach(const Action& action) {
#pragma unroll
    for (int v = 0; v < kVectors; ++v) {
#pragma unroll
      for (int i = 0; i < kNumbers; ++i)
        action(numbers[v][i], v);
    }
  }

  // Rounds the numbers to their type.
  __device__ void RoundNumbers() {
#pragma unroll
    for (int v = 0; v < kVectors; ++v)
      Widen<T>(Round<T>(numbers[v]), numbers[v]);
  }

  // Stores the numbers, rounded to their type, and keeps the rounded ones.
  __device__ void Store(void* to, int64_t begin) {
#pragma unroll
    for (int v = 0; v < kVectors; ++v) {
      const Vector vector = Round<T>(numbers[v]);
      if (Holds(v))
        StoreVector(to, begin + Index(v), vector);
      Widen<T>(vector, numbers[v]);
    }
  }

  // Brings the row to a mean of 0 and a variance of 1. sum(value, 0) and then sum(value, 1) add up over the threads of
  // the row.
  template <typename Sum>
  __device__ void Normalize(float eps, float inverse_width, const Sum& sum) {
    float total = 0;
    ForEach([&](float& number, int) { total += number; });
    const float mean = sum(total, 0) * inverse_width;
    float squares = 0;
    ForEach([&](float& number, int v) {
      number -= Holds(v) ? mean : 0;
      squares += number * number;
    });
    const float scale = rsqrtf(sum(squares, 1) * inverse_width + eps);
    ForEach([&](float& number, int) { number *= scale; });
  }

 private:
  // Does what ScaleAndShift does, with one of the two or none.
  __device__ void ScaleOrShift(const void* weight, const void* bias) {
    if (bias != nullptr)
      return Add(Load(bias, 0));
    if (weight == nullptr)
      return;
    const Loaded weights = Load(weight, 0);
#pragma unroll
    for (int v = 0; v < kVectors; ++v) {
      float scale[kNumbers];
      Widen<T>(weights.vectors[v], scale);
#pragma unroll
      for (int i = 0; i < kNumbers; ++i)
        numbers[v][i] *= scale[i];
    }
  }
};

// Calls launch(T{}) with the type of `element`.
template <typename Launch>
cudaError_t ForElement(Element element, const Launch& launch) {
  if (element == Element::kBFloat16)
    return launch(__nv_bfloat16{});
  if (element == Element::kFloat16)
    return launch(__half{});
  return launch(float{});
}

inline uint32_t BlocksFor(uint32_t items, uint32_t per_block) {
  return (items + per_block - 1) / per_block;
}

}  // namespace ruyi::kernels::cuda
