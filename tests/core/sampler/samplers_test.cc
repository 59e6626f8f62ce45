// Tests what the golden cases of tests/golden do not show of the samplers: spacings, bounds, noise.
#include <ATen/TensorOperators.h>
#include <ATen/core/TensorBody.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/zeros.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/sampler/ddim.h"
#include "core/sampler/dpm_multistep.h"
#include "core/sampler/euler.h"
#include "core/sampler/euler_ancestral.h"
#include "core/sampler/pndm.h"
#include "core/tensor/random_streams.h"
#include "tests/support/status_matchers.h"

namespace ruyi {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr absl::StatusCode kInvalidArgument = absl::StatusCode::kInvalidArgument;

SamplerConfig Config(TimestepSpacing spacing) {
  return {.schedule = {.beta_schedule = BetaSchedule::kScaledLinear}, .spacing = spacing, .steps_offset = 1};
}

// A source that has nothing.
class NoNoise final : public NoiseSource {
  absl::StatusOr<at::Tensor> Normal(NoisePurpose, at::IntArrayRef) override {
    return absl::FailedPreconditionError("no noise");
  }
};

// Values of diffusers v0.31.0.
TEST(Timesteps, AreThoseOfEachSpacing) {
  EXPECT_THAT((*DdimSampler::Create(Config(TimestepSpacing::kLinspace), 4))->timesteps(),
              ElementsAre(999, 666, 333, 0));
  EXPECT_THAT((*DdimSampler::Create(Config(TimestepSpacing::kTrailing), 4))->timesteps(),
              ElementsAre(999, 749, 499, 249));
  EXPECT_THAT((*EulerSampler::Create(Config(TimestepSpacing::kLinspace), 3))->timesteps(), ElementsAre(999, 499.5, 0));
  EXPECT_THAT((*DpmMultistepSampler::Create(Config(TimestepSpacing::kLinspace), 2))->timesteps(),
              ElementsAre(999, 500));
  EXPECT_THAT((*DpmMultistepSampler::Create(Config(TimestepSpacing::kLeading), 3))->timesteps(),
              ElementsAre(751, 501, 251));
  EXPECT_THAT((*PndmSampler::Create(Config(TimestepSpacing::kLeading), 4))->timesteps(),
              ElementsAre(751, 626, 626, 501, 501, 376, 376, 251, 251, 126, 126, 1, 1));
}

TEST(PndmSampler, RefusesFewerStepsThanItsOrder) {
  for (const int steps : {1, 2, 3})
    EXPECT_THAT(PndmSampler::Create(Config(TimestepSpacing::kLeading), steps).status(),
                StatusIs(kInvalidArgument, HasSubstr("at least 4")));
}

TEST(Samplers, RefuseNoStepsAndMoreThanWereTrained) {
  const SamplerConfig config = Config(TimestepSpacing::kTrailing);
  NoNoise noise;
  for (const int steps : {0, 1001}) {
    EXPECT_THAT(EulerSampler::Create(config, steps).status(), StatusIs(kInvalidArgument));
    EXPECT_THAT(EulerAncestralSampler::Create(config, steps, noise).status(), StatusIs(kInvalidArgument));
    EXPECT_THAT(DpmMultistepSampler::Create(config, steps).status(), StatusIs(kInvalidArgument));
    EXPECT_THAT(PndmSampler::Create(config, steps).status(), StatusIs(kInvalidArgument));
  }
}

TEST(Samplers, RefuseAnOffsetBeyondTheLastTimestep) {
  const SamplerConfig config = Config(TimestepSpacing::kLeading);
  EXPECT_THAT(EulerSampler::Create(config, 1000).status(), StatusIs(kInvalidArgument, HasSubstr("steps_offset")));
  EXPECT_THAT(PndmSampler::Create(config, 1000).status(), StatusIs(kInvalidArgument, HasSubstr("steps_offset")));
}

TEST(EulerAncestralSampler, GivesTheSameForTheSameNoise) {
  const at::Tensor latents = at::zeros({1, 2});
  at::Tensor stepped[2];
  for (at::Tensor& result : stepped) {
    RandomStreams noise(7);
    const auto sampler = *EulerAncestralSampler::Create(Config(TimestepSpacing::kLinspace), 5, noise);
    result = *sampler->Step(latents, 0, latents);
  }
  EXPECT_TRUE(at::equal(stepped[0], stepped[1]));
}

TEST(EulerAncestralSampler, ReturnsTheErrorOfItsNoise) {
  NoNoise noise;
  const auto sampler = *EulerAncestralSampler::Create(Config(TimestepSpacing::kLinspace), 5, noise);
  EXPECT_THAT(sampler->Step(at::zeros({1}), 0, at::zeros({1})).status(),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("no noise")));
}

// tests/core/checkpoint shows that runs go on with the same bits.
class RestoredSampler : public testing::Test {
 protected:
  // Returns what `sampler` remembers after `calls` calls.
  static TensorState SavedAfter(Sampler& sampler, int calls) {
    for (int call = 0; call < calls; ++call)
      EXPECT_THAT(sampler.Step(kLatents + 0.1, call, kLatents), IsOk());
    return sampler.Save();
  }

  static std::unique_ptr<Sampler> Dpm() { return *DpmMultistepSampler::Create(Config(TimestepSpacing::kLinspace), 6); }
  static std::unique_ptr<Sampler> Pndm() { return *PndmSampler::Create(Config(TimestepSpacing::kLeading), 6); }
  static std::unique_ptr<Sampler> Ddim() { return *DdimSampler::Create(Config(TimestepSpacing::kLeading), 6); }

  inline static const at::Tensor kLatents = at::zeros({1, 2});
  static constexpr absl::StatusCode kFailedPrecondition = absl::StatusCode::kFailedPrecondition;
};

TEST_F(RestoredSampler, KeepsNoMoreThanItsMethodNeeds) {
  EXPECT_THAT(SavedAfter(*Ddim(), 2).tensors(), testing::IsEmpty());
  EXPECT_THAT(SavedAfter(*Dpm(), 0).tensors(), testing::IsEmpty());
  EXPECT_THAT(SavedAfter(*Dpm(), 3).tensors(), testing::SizeIs(1));
  EXPECT_THAT(SavedAfter(*Pndm(), 0).tensors(), testing::IsEmpty());
  EXPECT_THAT(SavedAfter(*Pndm(), 5).tensors(), testing::SizeIs(2 + 2));  // within the second step
  EXPECT_THAT(SavedAfter(*Pndm(), 8).tensors(), testing::SizeIs(2));
  EXPECT_THAT(SavedAfter(*Pndm(), 12).tensors(), testing::SizeIs(3));
  EXPECT_THAT(SavedAfter(*Pndm(), 15).tensors(), testing::SizeIs(4));
}

TEST_F(RestoredSampler, RefusesTheStateOfAnotherCall) {
  EXPECT_THAT(Dpm()->Restore(SavedAfter(*Dpm(), 3), 0, kLatents), StatusIs(kFailedPrecondition));
  EXPECT_THAT(Dpm()->Restore({}, 3, kLatents), StatusIs(kFailedPrecondition));
  EXPECT_THAT(Pndm()->Restore(SavedAfter(*Pndm(), 4), 5, kLatents), StatusIs(kFailedPrecondition));
  EXPECT_THAT(Pndm()->Restore(SavedAfter(*Pndm(), 5), 12, kLatents), StatusIs(kFailedPrecondition));
}

TEST_F(RestoredSampler, RefusesTheStateOfAnotherSampler) {
  EXPECT_THAT(Ddim()->Restore(SavedAfter(*Dpm(), 3), 3, kLatents), StatusIs(kFailedPrecondition));
  EXPECT_THAT(Dpm()->Restore(SavedAfter(*Pndm(), 4), 4, kLatents), StatusIs(kFailedPrecondition));
  EXPECT_THAT(Pndm()->Restore(SavedAfter(*Dpm(), 4), 4, kLatents), StatusIs(kFailedPrecondition));
}

TEST_F(RestoredSampler, RefusesTheStateOfOtherLatents) {
  const at::Tensor other = at::zeros({1, 3});
  EXPECT_THAT(Dpm()->Restore(SavedAfter(*Dpm(), 3), 3, other), StatusIs(kFailedPrecondition, HasSubstr("shape")));
  for (const int call : {5, 8})
    EXPECT_THAT(Pndm()->Restore(SavedAfter(*Pndm(), call), call, other),
                StatusIs(kFailedPrecondition, HasSubstr("shape")));
}

}  // namespace
}  // namespace ruyi
