#include "core/weights/magnitude.h"

#include <ATen/Parallel.h>
#include <ATen/core/TensorBody.h>
#include <ATen/ops/scalar_tensor.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <limits>
#include <type_traits>

namespace ruyi {
namespace {

constexpr int64_t kBlock = 64;            // numbers: a loop of a length that compilers know becomes vector instructions
constexpr int64_t kGrainBytes = 1 << 22;  // for a thread

// Returns the largest of `count` numbers without their signs, as bits: those of floating-point numbers have the order
// of the numbers, infinity and NaN above all others.
template <typename Bits>
Bits LargestBits(const Bits* begin, int64_t count) {
  constexpr auto kSignless = static_cast<Bits>(std::numeric_limits<std::make_signed_t<Bits>>::max());
  Bits largest = 0;
  int64_t i = 0;
  for (; i + kBlock <= count; i += kBlock) {
    for (int64_t j = 0; j < kBlock; ++j)
      largest = std::max(largest, static_cast<Bits>(begin[i + j] & kSignless));
  }
  for (; i < count; ++i)
    largest = std::max(largest, static_cast<Bits>(begin[i] & kSignless));
  return largest;
}

// `Bits`: signed, but for 8 bits, is what processors compare fastest.
template <typename Number, typename Bits>
Number Largest(const at::Tensor& tensor) {
  const auto* const begin = static_cast<const Bits*>(tensor.const_data_ptr());
  const Bits bits = at::parallel_reduce(
      int64_t{0}, tensor.numel(), kGrainBytes / static_cast<int64_t>(sizeof(Bits)), Bits{0},
      [begin](int64_t from, int64_t to, Bits largest) {
        return std::max(largest, LargestBits(begin + from, to - from));
      },
      [](Bits a, Bits b) { return std::max(a, b); });
  return std::bit_cast<Number>(bits);
}

}  // namespace

double LargestMagnitude(const at::Tensor& tensor) {
  switch (tensor.scalar_type()) {
    case c10::kDouble:
      return Largest<double, int64_t>(tensor);
    case c10::kFloat:
      return Largest<float, int32_t>(tensor);
    case c10::kHalf:
      return Largest<c10::Half, int16_t>(tensor);
    case c10::kBFloat16:
      return Largest<c10::BFloat16, int16_t>(tensor);
    case c10::kFloat8_e5m2:
      return Largest<c10::Float8_e5m2, uint8_t>(tensor);
    default:
      return Largest<c10::Float8_e4m3fn, uint8_t>(tensor);
  }
}

double RoundedTo(c10::ScalarType type, double magnitude) {
  return at::scalar_tensor(magnitude, c10::kDouble).to(type).to(c10::kDouble).item<double>();
}

}  // namespace ruyi
