// Makes the noise of one request from its seed: with one CPU generator per purpose, so that a seed gives one video on
// any device. Before it: the spec's seed. After it: core/pipeline/ruyi. Not thread-safe; each request has its own.
#pragma once

#include <ATen/core/Generator.h>

#include <array>
#include <cstdint>

#include "core/tensor/noise_source.h"

namespace ruyi {

class RandomStreams final : public NoiseSource {
 public:
  // The stream of kInitialLatents draws what torch.Generator().manual_seed(seed) draws, as the reference does (a
  // generator seeds itself with the low 32 bits). The other streams have seeds mixed from `seed` and the purpose.
  explicit RandomStreams(uint64_t seed);

  // INTERNAL: `shape` has a negative extent. RESOURCE_EXHAUSTED: out of memory.
  absl::StatusOr<at::Tensor> Normal(NoisePurpose purpose, at::IntArrayRef shape) override;

  // Returns the states of the generators as libtorch saves them, 5 KB for each purpose.
  TensorState Save() const override;
  absl::Status Restore(const TensorState& state) override;

 private:
  static constexpr int kPurposes = 4;
  std::array<at::Generator, kPurposes> generators_;
};

}  // namespace ruyi
