// A run that is saved after any of its calls, and goes on with what ParseState makes of the bytes, gives the bits of
// one that was not interrupted.
#include <ATen/TensorOperators.h>
#include <ATen/core/TensorBody.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <ATen/ops/tanh.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>

#include "core/cache/easy_cache.h"
#include "core/cache/tea_cache.h"
#include "core/checkpoint/checkpoint_bytes.h"
#include "core/sampler/ddim.h"
#include "core/sampler/dpm_multistep.h"
#include "core/sampler/euler.h"
#include "core/sampler/euler_ancestral.h"
#include "core/sampler/pndm.h"
#include "core/tensor/random_streams.h"
#include "tests/support/status_matchers.h"

namespace ruyi {
namespace {

constexpr int kSteps = 8;

constexpr NoisePurpose kAllPurposes[] = {NoisePurpose::kInitialLatents, NoisePurpose::kMaskPosterior,
                                         NoisePurpose::kImagePosterior, NoisePurpose::kStepNoise};

SamplerConfig Config() {
  return {.schedule = {.beta_schedule = BetaSchedule::kScaledLinear},
          .steps_offset = 1,
          .prediction = PredictionType::kVPrediction};
}

using MakeSampler = std::function<std::unique_ptr<Sampler>(NoiseSource&)>;

struct NamedSampler {
  std::string name;
  MakeSampler make;
};

std::vector<NamedSampler> Samplers() {
  return {
      {"Ddim", [](NoiseSource&) { return *DdimSampler::Create(Config(), kSteps); }},
      {"Euler", [](NoiseSource&) { return *EulerSampler::Create(Config(), kSteps); }},
      {"EulerAncestral", [](NoiseSource& noise) { return *EulerAncestralSampler::Create(Config(), kSteps, noise); }},
      {"DpmMultistep", [](NoiseSource&) { return *DpmMultistepSampler::Create(Config(), kSteps); }},
      {"Pndm", [](NoiseSource&) { return *PndmSampler::Create(Config(), kSteps); }},
  };
}

// A sampler and its noise in the middle of a run.
class DenoiseRun {
 public:
  DenoiseRun(const MakeSampler& make, uint64_t seed) : noise_(seed), sampler_(make(noise_)) {
    latents_ = *noise_.Normal(NoisePurpose::kInitialLatents, {1, 2, 3, 4, 5}) * sampler_->initial_noise_scale();
  }

  int calls() const { return static_cast<int>(sampler_->timesteps().size()); }
  const at::Tensor& latents() const { return latents_; }

  // Makes the calls from `begin` up to `end` of a model whose answer depends on the latents and on the timestep.
  void Walk(int begin, int end) {
    for (int call = begin; call < end; ++call) {
      const at::Tensor input = sampler_->ScaleInput(latents_, call);
      latents_ = *sampler_->Step(at::tanh(input * 0.7 + sampler_->timesteps()[call] / 1000), call, latents_);
    }
  }

  std::string Save() const {
    TensorState state;
    state.Put("latents", latents_);
    state.PutPart("sampler", sampler_->Save());
    state.PutPart("noise", noise_.Save());
    return SerializeState(state);
  }

  void Restore(const std::string& bytes, int call) {
    ASSERT_OK_AND_ASSIGN(const TensorState state, ParseState(bytes));
    latents_ = *state.GetLike("latents", latents_);
    ASSERT_THAT(noise_.Restore(state.Part("noise")), IsOk());
    ASSERT_THAT(sampler_->Restore(state.Part("sampler"), call, latents_), IsOk());
  }

 private:
  RandomStreams noise_;
  std::unique_ptr<Sampler> sampler_;
  at::Tensor latents_;
};

class SamplerResume : public testing::TestWithParam<NamedSampler> {};

TEST_P(SamplerResume, AfterAnyCallChangesNoBit) {
  DenoiseRun straight(GetParam().make, 7);
  straight.Walk(0, straight.calls());
  for (int call = 0; call <= straight.calls(); ++call) {
    DenoiseRun first(GetParam().make, 7);
    first.Walk(0, call);
    DenoiseRun second(GetParam().make, 8);
    second.Restore(first.Save(), call);
    second.Walk(call, second.calls());
    EXPECT_TRUE(at::equal(second.latents(), straight.latents())) << call;
  }
}

INSTANTIATE_TEST_SUITE_P(All, SamplerResume, testing::ValuesIn(Samplers()),
                         [](const auto& sampler) { return sampler.param.name; });

// An odd count leaves half of a pair of normal numbers in the generator.
TEST(RandomStreamsResume, AfterAnyDrawChangesNoBit) {
  constexpr int kDraws = 6;
  const auto draw = [](RandomStreams& streams, int begin, int end) {
    std::vector<at::Tensor> drawn;
    for (int i = begin; i < end; ++i) {
      for (const NoisePurpose purpose : kAllPurposes)
        drawn.push_back(*streams.Normal(purpose, {i % 2 == 0 ? 3 : 401}));
    }
    return drawn;
  };
  RandomStreams straight(7);
  const std::vector<at::Tensor> expected = draw(straight, 0, kDraws);
  for (int drawn = 0; drawn <= kDraws; ++drawn) {
    RandomStreams first(7);
    draw(first, 0, drawn);
    RandomStreams second(8);
    ASSERT_THAT(second.Restore(*ParseState(SerializeState(first.Save()))), IsOk());
    const std::vector<at::Tensor> rest = draw(second, drawn, kDraws);
    for (size_t i = 0; i < rest.size(); ++i)
      EXPECT_TRUE(at::equal(rest[i], expected[expected.size() - rest.size() + i])) << drawn << ", " << i;
  }
}

// The transformer of a request with a cache: the input moves by more and more.
struct CachedCall {
  bool computed;
  at::Tensor output;
};

CachedCall Call(TeaCache& cache, int call) {
  const at::Tensor tokens = at::full({2, 3}, 1.0 + 0.1 * call).to(at::kBFloat16);
  const at::Tensor modulated = at::full({2, 3}, 2.0 + 0.004 * call * call).to(at::kBFloat16);
  if (!cache.NeedsBlocks(tokens, modulated))
    return {.computed = false, .output = cache.Apply(tokens)};
  const at::Tensor output = at::tanh(tokens) * 5;
  cache.Store(output);
  return {.computed = true, .output = output};
}

class TeaCacheResume : public testing::TestWithParam<TeaCacheOptions> {};

TEST_P(TeaCacheResume, AfterAnyCallChangesNothing) {
  constexpr int kCalls = 2 * kSteps + 1;  // it begins anew after its steps
  TeaCache straight(GetParam(), kSteps);
  std::vector<CachedCall> expected;
  for (int call = 0; call < kCalls; ++call)
    expected.push_back(Call(straight, call));
  ASSERT_THAT(straight.skipped(), testing::SizeIs(testing::AllOf(testing::Gt(3), testing::Lt(kCalls - 3))));
  for (int saved = 0; saved <= kCalls; ++saved) {
    TeaCache first(GetParam(), kSteps);
    for (int call = 0; call < saved; ++call)
      Call(first, call);
    TeaCache second(GetParam(), kSteps);
    ASSERT_THAT(second.Restore(*ParseState(SerializeState(first.Save())), at::kCPU), IsOk());
    for (int call = saved; call < kCalls; ++call) {
      const CachedCall result = Call(second, call);
      EXPECT_EQ(result.computed, expected[call].computed) << saved << ", " << call;
      EXPECT_TRUE(at::equal(result.output, expected[call].output)) << saved << ", " << call;
    }
    EXPECT_EQ(second.skipped(), straight.skipped()) << saved;
  }
}

CachedCall Call(EasyCache& cache, int call) {
  const at::Tensor latents = at::full({1, 3}, 1.0 + 0.01 * call * call);
  if (!cache.NeedsCall(latents))
    return {.computed = false, .output = cache.Apply()};
  const at::Tensor output = at::tanh(latents.expand({2, 3})) * 5;
  cache.Store(output);
  return {.computed = true, .output = output};
}

TEST(EasyCacheResume, AfterAnyCallChangesNothing) {
  constexpr EasyCacheOptions kOptions = {.threshold = 0.05, .skip_start_steps = 2, .skip_end_steps = 1};
  constexpr int kCalls = 2 * kSteps;
  EasyCache straight(kOptions, kCalls);
  std::vector<CachedCall> expected;
  for (int call = 0; call < kCalls; ++call)
    expected.push_back(Call(straight, call));
  ASSERT_THAT(straight.skipped(), testing::SizeIs(testing::AllOf(testing::Gt(3), testing::Lt(kCalls - 3))));
  for (int saved = 0; saved <= kCalls; ++saved) {
    EasyCache first(kOptions, kCalls);
    for (int call = 0; call < saved; ++call)
      Call(first, call);
    EasyCache second(kOptions, kCalls);
    ASSERT_THAT(second.Restore(*ParseState(SerializeState(first.Save())), at::kCPU), IsOk());
    for (int call = saved; call < kCalls; ++call) {
      const CachedCall result = Call(second, call);
      EXPECT_EQ(result.computed, expected[call].computed) << saved << ", " << call;
      EXPECT_TRUE(at::equal(result.output, expected[call].output)) << saved << ", " << call;
    }
    EXPECT_EQ(second.skipped(), straight.skipped()) << saved;
  }
}

INSTANTIATE_TEST_SUITE_P(All, TeaCacheResume,
                         testing::Values(TeaCacheOptions{.threshold = 0.1},
                                         TeaCacheOptions{.threshold = 0.1, .skip_start_steps = 3, .skip_end_steps = 2},
                                         TeaCacheOptions{.threshold = 0.1, .offload = true}));

}  // namespace
}  // namespace ruyi
