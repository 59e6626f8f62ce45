#include "core/sampler/ddim.h"

#include <ATen/core/TensorBody.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/tensor.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ruyi {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;

SamplerConfig Config(PredictionType prediction, BetaSchedule betas, bool set_alpha_to_one) {
  return {.schedule = {.beta_schedule = betas},
          .steps_offset = 1,
          .prediction = prediction,
          .set_alpha_to_one = set_alpha_to_one};
}

SamplerConfig AnyConfig() {
  return Config(PredictionType::kVPrediction, BetaSchedule::kScaledLinear, false);
}

TEST(DdimSampler, TimestepsAreEvenlySpacedAndShifted) {
  EXPECT_THAT((*DdimSampler::Create(AnyConfig(), 3))->timesteps(), ElementsAre(667, 334, 1));
  EXPECT_THAT((*DdimSampler::Create(AnyConfig(), 7))->timesteps(), ElementsAre(853, 711, 569, 427, 285, 143, 1));
  EXPECT_THAT((*DdimSampler::Create(AnyConfig(), 1))->timesteps(), ElementsAre(1));
}

TEST(DdimSampler, TakesEveryStepCountUpTo100) {
  for (int steps = 1; steps <= 100; ++steps) {
    const auto sampler = DdimSampler::Create(AnyConfig(), steps);
    ASSERT_TRUE(sampler.ok()) << steps;
    EXPECT_EQ((*sampler)->timesteps().size(), steps);
    EXPECT_THAT((*sampler)->timesteps(), Each(testing::AllOf(testing::Ge(1), testing::Le(999))));
  }
}

TEST(DdimSampler, RefusesStepsThatTheModelDoesNotKnow) {
  for (const int steps : {-1, 0, 1001}) {
    EXPECT_TRUE(absl::IsInvalidArgument(DdimSampler::Create(AnyConfig(), steps).status())) << steps;
  }
}

TEST(DdimSampler, RefusesAnOffsetBeyondTheLastTimestep) {
  const absl::Status status = DdimSampler::Create(AnyConfig(), 1000).status();  // would begin at timestep 1000
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("steps_offset"));
}

TEST(DdimSampler, TakesNoiseAndInputAsTheyAre) {
  const auto sampler = *DdimSampler::Create(AnyConfig(), 3);
  const at::Tensor latents = at::tensor({0.5f, -1.25f});
  EXPECT_EQ(sampler->initial_noise_scale(), 1.0);
  EXPECT_TRUE(at::equal(sampler->ScaleInput(latents, 0), latents));
}

// Three steps from [0.5, -1.25] with the model's answer always [0.25, 0.75].
struct Walk {
  PredictionType prediction;
  BetaSchedule betas;
  bool set_alpha_to_one;
  std::vector<float> latents;  // after each step, by diffusers v0.31.0
};

class DdimWalk : public testing::TestWithParam<Walk> {};

TEST_P(DdimWalk, IsTheReferences) {
  const Walk& walk = GetParam();
  const auto sampler = *DdimSampler::Create(Config(walk.prediction, walk.betas, walk.set_alpha_to_one), 3);
  at::Tensor latents = at::tensor({0.5f, -1.25f});
  for (int call = 0; call < 3; ++call) {
    latents = *sampler->Step(at::tensor({0.25f, 0.75f}), call, latents);
    const at::Tensor golden = at::tensor({walk.latents[2 * call], walk.latents[2 * call + 1]});
    EXPECT_TRUE(at::allclose(latents, golden, /*rtol=*/1e-5, /*atol=*/1e-6)) << call;
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, DdimWalk,
    testing::Values(Walk{PredictionType::kEpsilon,
                         BetaSchedule::kLinear,
                         true,
                         {1.56501305f, -10.16577911f, 2.41798520f, -19.15958405f, 2.41454315f, -19.17281532f}},
                    Walk{PredictionType::kEpsilon,
                         BetaSchedule::kScaledLinear,
                         true,
                         {0.84741592f, -4.85307980f, 0.86241728f, -6.43074942f, 0.85894537f, -6.44207907f}},
                    Walk{PredictionType::kEpsilon,
                         BetaSchedule::kLinear,
                         false,
                         {1.56501305f, -10.16577911f, 2.41798520f, -19.15958405f, 2.41692281f, -19.16435623f}},
                    Walk{PredictionType::kEpsilon,
                         BetaSchedule::kScaledLinear,
                         false,
                         {0.84741592f, -4.85307980f, 0.86241728f, -6.43074942f, 0.86140263f, -6.43425608f}},
                    Walk{PredictionType::kVPrediction,
                         BetaSchedule::kLinear,
                         true,
                         {0.32205522f, -1.45611238f, -0.01947673f, -1.45065534f, -0.02318219f, -1.46161866f}},
                    Walk{PredictionType::kVPrediction,
                         BetaSchedule::kScaledLinear,
                         true,
                         {0.24597913f, -1.44874930f, 0.06351642f, -1.62012577f, 0.05995106f, -1.63063836f}},
                    Walk{PredictionType::kVPrediction,
                         BetaSchedule::kLinear,
                         false,
                         {0.32205522f, -1.45611238f, -0.01947673f, -1.45065534f, -0.02068399f, -1.45426095f}},
                    Walk{PredictionType::kVPrediction,
                         BetaSchedule::kScaledLinear,
                         false,
                         {0.24597913f, -1.44874930f, 0.06351642f, -1.62012577f, 0.06245705f, -1.62328756f}}));

}  // namespace
}  // namespace ruyi
