#include "core/tensor/random_streams.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/core/TensorBody.h>
#include <ATen/ops/randn.h>

#include "core/base/exception_guard.h"

namespace ruyi {
namespace {

// The finaliser of SplitMix64 (Steele, Lea, Flood 2014): every bit of the input reaches the low 32 of the output, which
// are all that a generator takes.
uint64_t Mix(uint64_t value) {
  value += 0x9e3779b97f4a7c15;
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
  value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
  return value ^ (value >> 31);
}

uint64_t SeedOf(NoisePurpose purpose, uint64_t seed) {
  return purpose == NoisePurpose::kInitialLatents ? seed : Mix(seed ^ Mix(static_cast<uint64_t>(purpose)));
}

}  // namespace

RandomStreams::RandomStreams(uint64_t seed) {
  for (int i = 0; i < kPurposes; ++i) {
    generators_[i] = at::detail::createCPUGenerator(SeedOf(static_cast<NoisePurpose>(i), seed));
  }
}

absl::StatusOr<at::Tensor> RandomStreams::Normal(NoisePurpose purpose, at::IntArrayRef shape) {
  return GuardExceptions("drawing noise", [&] {
    return at::randn(shape, generators_[static_cast<size_t>(purpose)], at::TensorOptions(at::kFloat));
  });
}

}  // namespace ruyi
