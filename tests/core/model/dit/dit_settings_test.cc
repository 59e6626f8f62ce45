// Where weights and states lie, how they are stored and what is laid over them.
#include <ATen/TensorOperators.h>
#include <ATen/core/TensorBody.h>
#include <ATen/ops/equal.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/model/dit/dit.h"
#include "tests/core/model/dit/tiny_dit.h"

namespace ruyi {
namespace {

using testing::Not;

// What `dit` makes of the same two steps, guidance included.
std::vector<at::Tensor> TwoSteps(const Dit& dit) {
  Draws draw;
  const DitContext context = dit.Prepare(draw.Conditions(dit.config(), 2), Schedule(dit.config(), {900, 20}, 2));
  const at::Tensor latents = draw.Latents(dit.config(), 2);
  return {dit.Forward(latents, context, {.index = 0}), dit.Forward(latents, context, {.index = 1})};
}

TEST(Dit, GivesTheSameNumbersWhereverItsWeightsAndStatesLie) {
  const std::vector<at::Tensor> expected = TwoSteps(Tiny());
  for (int64_t blocks = 0; blocks <= Tiny().config().layers; ++blocks) {
    for (const int64_t states : {1, 2, 9}) {
      DitSettings settings = Tiny().settings();
      settings.memory = {.resident_blocks = blocks, .resident_states = states};
      const Dit dit = Tiny().With(settings);
      for (int round = 0; round < 2; ++round) {
        const std::vector<at::Tensor> steps = TwoSteps(dit);
        EXPECT_TRUE(at::equal(steps[0], expected[0])) << blocks << " blocks, " << states << " states";
        EXPECT_TRUE(at::equal(steps[1], expected[1])) << blocks << " blocks, " << states << " states";
      }
    }
  }
}

// A change for every linear layer.
LayerUpdates SmallUpdates(const Dit& dit) {
  Draws draw;
  LayerUpdates updates;
  for (const auto& [layer, shape] : dit.linear_layers())
    updates[layer] = {.up = draw({shape.out, 2}) * 0.02, .down = draw({2, shape.in}) * 0.02};
  return updates;
}

TEST(Dit, UpdatesAndTypesOfStorageDoNotDependOnWhereWeightsLie) {
  DitSettings settings = Tiny().settings();
  settings.rule = [](const LayerTraits& layer) -> std::optional<c10::ScalarType> {
    return layer.kind == LayerKind::kLinear ? std::optional(c10::kFloat8_e4m3fn) : std::nullopt;
  };
  settings.updates = SmallUpdates(Tiny());
  const std::vector<at::Tensor> expected = TwoSteps(Tiny().With(settings));
  EXPECT_THAT(expected[0], Not(IsCloseTo(TwoSteps(Tiny())[0])));
  settings.memory = {.resident_blocks = 2, .resident_states = 1};
  EXPECT_TRUE(at::equal(TwoSteps(Tiny().With(settings))[1], expected[1]));
  DitSettings streamed = settings;  // the same in two steps
  streamed.updates = {};
  const Dit without_updates = Tiny().With(streamed);
  streamed = without_updates.settings();
  streamed.updates = settings.updates;
  EXPECT_TRUE(at::equal(TwoSteps(without_updates.With(streamed))[1], expected[1]));
}

TEST(Dit, WithOtherSettingsSharesWhatStays) {
  DitSettings settings = Tiny().settings();
  settings.updates = SmallUpdates(Tiny());
  const Dit other = Tiny().With(settings);
  for (const auto& [name, parameter] : Tiny().parameters())
    EXPECT_EQ(other.parameters().at(name).const_data_ptr(), parameter.const_data_ptr()) << name;
}

}  // namespace
}  // namespace ruyi
