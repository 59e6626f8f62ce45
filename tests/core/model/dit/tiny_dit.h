// The small transformer of tests/golden, inputs drawn for it, and a matcher for what it gives. Functions without state;
// thread-safe.
#pragma once

#include <ATen/TensorOperators.h>
#include <ATen/core/TensorBody.h>
#include <ATen/ops/abs.h>
#include <ATen/ops/max.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/tensor.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "core/model/dit/dit.h"
#include "core/model/dit/rotary.h"
#include "core/tensor/random_streams.h"
#include "tests/support/status_matchers.h"

namespace ruyi {

inline constexpr double kTolerance = 1e-5;
inline constexpr int64_t kFrames = 2;
inline constexpr int64_t kSide = 4;  // latents

inline const std::filesystem::path kModel =
    std::filesystem::path(RUYI_SOURCE_DIR) / "tests" / "golden" / "models" / "tiny" / "transformer";
inline constexpr const char* kWeights = "diffusion_pytorch_model.safetensors";

inline Dit LoadOrDie(const std::filesystem::path& folder) {
  std::vector<std::string> unused;
  absl::StatusOr<Dit> dit = Dit::Load(folder, {}, {}, &unused);
  EXPECT_THAT(dit, IsOk());
  EXPECT_THAT(unused, testing::IsEmpty());
  return *std::move(dit);
}

inline const Dit& Tiny() {
  static const Dit* const dit = new Dit(LoadOrDie(kModel));
  return *dit;
}

// Draws for one test, the same at every run.
class Draws {
 public:
  at::Tensor operator()(at::IntArrayRef shape) { return *random_.Normal(NoisePurpose::kInitialLatents, shape); }

  DitConditions Conditions(const DitConfig& config, int64_t batch) {
    return {.text = (*this)({batch, config.text_length, config.cross_attention_dim}),
            .text_mask = (*this)({batch, config.text_length}).gt(0),
            .t5 = (*this)({batch, config.t5_length, config.t5_dim}),
            .t5_mask = (*this)({batch, config.t5_length}).gt(0),
            .sizes = at::tensor({1024.f, 1024.f, 32.f, 48.f, 0.f, 0.f}).repeat({batch, 1}),
            .clip_tokens = (*this)({batch, 16, config.clip_dim}),
            .clip_mask = at::ones({batch, config.clip_queries})};
  }

  at::Tensor Latents(const DitConfig& config, int64_t batch, int64_t frames = kFrames) {
    return (*this)({batch, config.in_channels, frames, kSide, kSide});
  }

 private:
  RandomStreams random_{11};
};

// Every one of `batch` requests is at `timesteps`, one after the other.
inline DitSchedule Schedule(const DitConfig& config, const std::vector<float>& timesteps, int64_t batch,
                            int64_t frames = kFrames) {
  const TokenGrid grid = {.height = kSide / config.patch_size, .width = kSide / config.patch_size};
  return {.timesteps = at::tensor(timesteps).unsqueeze(1).expand({-1, batch}),
          .rotary = RotaryTable(grid, config.head_dim, 32),
          .frames = frames};
}

MATCHER_P(IsCloseTo, expected, "is close to the other tensor") {
  if (arg.sizes() != expected.sizes())
    return false;
  const double error = (arg - expected).abs().max().template item<double>();
  const double size = expected.abs().max().template item<double>();
  *result_listener << "with an error of " << error << " of " << size;
  return error <= kTolerance * size;
}

}  // namespace ruyi
