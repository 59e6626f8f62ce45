#include "core/tensor/random_streams.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/core/TensorBody.h>
#include <ATen/ops/randn.h>

#include <string_view>
#include <utility>

#include "absl/strings/str_format.h"
#include "core/base/exception_guard.h"
#include "core/base/status_macros.h"

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

constexpr std::string_view kNames[] = {"initial_latents", "mask_posterior", "image_posterior", "step_noise"};

// libtorch reads a number beyond its last one when the place in the block and how many are left contradict each other:
// together they are one more than the block has, or the first block is still to be made.
bool IsSound(const at::mt19937_data_pod& data) {
  return data.left_ + static_cast<int64_t>(data.next_) == at::MERSENNE_STATE_N + 1 ||
         (data.left_ == 1 && data.next_ == 0);
}

absl::StatusOr<at::Generator> GeneratorOf(std::string_view name, const at::Tensor& state) {
  at::Generator generator = at::detail::createCPUGenerator();
  const absl::Status is_set = GuardExceptions("restoring noise", [&] { generator.set_state(state.contiguous()); });
  if (is_set.ok() && IsSound(generator.get<at::CPUGeneratorImpl>()->engine().data()))
    return generator;
  return absl::FailedPreconditionError(
      absl::StrFormat("'%s' of the saved noise is not the state of a generator: begin the run anew", name));
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

TensorState RandomStreams::Save() const {
  TensorState state;
  for (int i = 0; i < kPurposes; ++i)
    state.Put(kNames[i], generators_[i].get_state());
  return state;
}

absl::Status RandomStreams::Restore(const TensorState& state) {
  RUYI_RETURN_IF_ERROR(state.CheckCount(kPurposes));
  std::array<at::Generator, kPurposes> generators;
  for (int i = 0; i < kPurposes; ++i) {
    RUYI_ASSIGN_OR_RETURN(const at::Tensor saved, state.GetOfType(kNames[i], at::kByte));
    RUYI_ASSIGN_OR_RETURN(generators[i], GeneratorOf(kNames[i], saved));
  }
  generators_ = std::move(generators);
  return absl::OkStatus();
}

}  // namespace ruyi
