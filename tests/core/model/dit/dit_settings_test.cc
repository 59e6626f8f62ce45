// Tests where weights and states lie, how they are stored and what is laid over them.
#include <ATen/TensorOperators.h>
#include <ATen/core/TensorBody.h>
#include <ATen/ops/equal.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_format.h"
#include "core/memory/weight_ring.h"
#include "core/model/dit/dit.h"
#include "core/tensor/device_memory.h"
#include "tests/core/model/dit/tiny_dit.h"

namespace ruyi {
namespace {

using testing::Not;

// Returns what `dit` makes of the same two steps, guidance included.
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

// Every linear layer has scaled rows.
DitSettings ScaledSettings() {
  DitSettings settings = Tiny().settings();
  settings.rule = [](const LayerTraits& layer) -> std::optional<Storage> {
    return layer.kind == LayerKind::kLinear ? std::optional<Storage>({c10::kFloat8_e4m3fn, true}) : std::nullopt;
  };
  return settings;
}

// Returns how far `x` is from `expected`, of the size of the latter, in the root of the mean square.
double DistanceOf(const at::Tensor& x, const at::Tensor& expected) {
  return ((x - expected).square().mean() / expected.square().mean()).sqrt().item<double>();
}

constexpr double kScaledDistance = 0.2;  // after eight blocks, each of which adds a few hundredths

TEST(Dit, WithScaledRowsComputesAlmostTheSame) {
  const Dit scaled = Tiny().With(ScaledSettings());
  const std::vector<at::Tensor> steps = TwoSteps(scaled);
  const std::vector<at::Tensor> expected = TwoSteps(Tiny());
  for (size_t i = 0; i < expected.size(); ++i) {
    EXPECT_GT(DistanceOf(steps[i], expected[i]), 1e-3);
    EXPECT_LT(DistanceOf(steps[i], expected[i]), kScaledDistance);
  }
  EXPECT_EQ(scaled.parameters().at("blocks.0.attn1.to_q.weight").scalar_type(), at::kFloat8_e4m3fn);
  EXPECT_EQ(scaled.parameters().at("blocks.0.norm2.weight").scalar_type(), at::kFloat);
}

TEST(Dit, ScaledRowsAndUpdatesDoNotDependOnWhereWeightsLie) {
  DitSettings settings = ScaledSettings();
  for (const bool is_updated : {false, true}) {
    settings.updates = is_updated ? SmallUpdates(Tiny()) : LayerUpdates();
    settings.memory = {};
    const std::vector<at::Tensor> expected = TwoSteps(Tiny().With(settings));
    for (const int64_t blocks : {0, 3}) {
      settings.memory = {.resident_blocks = blocks, .resident_states = 1};
      EXPECT_TRUE(at::equal(TwoSteps(Tiny().With(settings))[1], expected[1])) << blocks;
      DitSettings streamed = settings;  // the same in two steps
      streamed.updates = {};
      const Dit without_updates = Tiny().With(streamed);
      streamed = without_updates.settings();
      streamed.updates = settings.updates;
      EXPECT_TRUE(at::equal(TwoSteps(without_updates.With(streamed))[1], expected[1])) << blocks;
    }
  }
}

// The update's product is added beside that of the scaled rows.
TEST(Dit, UpdatesOverScaledRowsChangeWhatTheyChangeWithout) {
  DitSettings updated = Tiny().settings();
  updated.updates = SmallUpdates(Tiny());
  for (auto& [layer, update] : updated.updates)
    update.up = update.up * 8;
  DitSettings scaled = ScaledSettings();
  scaled.updates = updated.updates;
  const std::vector<at::Tensor> expected = TwoSteps(Tiny().With(updated));
  const double distance = DistanceOf(TwoSteps(Tiny().With(scaled))[0], expected[0]);
  EXPECT_LT(distance, kScaledDistance);
  EXPECT_LT(distance, 0.5 * DistanceOf(TwoSteps(Tiny().With(ScaledSettings()))[0], expected[0]));
}

TEST(DitDeviceBytes, CountTheScalesOfRows) {
  const Dit scaled = Tiny().With(ScaledSettings());
  EXPECT_EQ(scaled.DeviceBytes().back(), BytesOf(scaled.parameters()));
  EXPECT_LT(scaled.DeviceBytes().back(), 0.4 * Tiny().DeviceBytes().back());
}

int64_t BytesOf(const Parameters& parameters) {
  int64_t bytes = 0;
  for (const auto& [name, tensor] : parameters)
    bytes += static_cast<int64_t>(tensor.nbytes());
  return bytes;
}

// The matrices of a block.
Parameters MatricesOf(const Dit& dit, int64_t block) {
  Parameters matrices;
  for (const auto& [name, tensor] : dit.parameters()) {
    if (absl::StartsWith(name, absl::StrFormat("blocks.%d.", block)) && tensor.dim() > 1)
      matrices[name] = tensor;
  }
  return matrices;
}

Dit WithMemory(const Dit& dit, const DitMemory& memory) {
  DitSettings settings = dit.settings();
  settings.memory = memory;
  return dit.With(settings);
}

TEST(DitDeviceBytes, AreThoseOfAllParametersOrOfWhatIsNotStreamedAndTwoSlots) {
  const int64_t all = BytesOf(Tiny().parameters());
  int64_t streamed = 0;
  int64_t slot = 0;
  for (int64_t block = 0; block < Tiny().config().layers; ++block) {
    streamed += BytesOf(MatricesOf(Tiny(), block));
    slot = std::max(slot, WeightRing::SlotBytesOf(MatricesOf(Tiny(), block)));
  }
  const std::vector<int64_t> bytes = Tiny().DeviceBytes();
  ASSERT_EQ(bytes.size(), Tiny().config().layers + 1);
  EXPECT_EQ(bytes.back(), all);
  EXPECT_EQ(bytes.front(), all - streamed + 2 * slot);
}

// On a CPU the host's copies of the streamed blocks count beside the two slots of the ring; what stays is shared.
TEST(DitDeviceBytes, AreWhatTensorsTake) {
  const std::vector<int64_t> bytes = Tiny().DeviceBytes();
  const int64_t layers = Tiny().config().layers;
  const int64_t block = bytes[layers - 1] - bytes[layers];  // two slots for the one that goes
  EXPECT_GT(block, 0);
  MemoryMeter meter(c10::kCPU);
  const Dit dit = WithMemory(Tiny(), {.resident_blocks = layers - 1});
  EXPECT_EQ(meter.TakePeak(), 3 * block);
}

// On a CPU nothing is rounded but the places of tensors.
TEST(DitRingBytes, AreThoseOfWhatIsNotOnTheDevice) {
  const std::vector<int64_t> ring = Tiny().RingBytes(c10::kCPU);
  ASSERT_EQ(ring.size(), Tiny().config().layers + 1);
  EXPECT_EQ(ring.back(), 0);
  for (size_t resident = 1; resident < ring.size(); ++resident)
    EXPECT_LT(ring[resident], ring[resident - 1]);
  MemoryMeter meter(c10::kCPU);
  DitSettings settings = Tiny().settings();
  settings.memory.resident_blocks = 0;
  const Dit streamed = Tiny().With(settings);
  const int64_t taken = meter.TakePeak();
  EXPECT_GE(taken, ring.front());
  EXPECT_LE(taken, ring.front() + Tiny().DeviceBytes().front());
}

TEST(DitDeviceBytes, OfFewerBlocksAreLess) {
  const std::vector<int64_t> bytes = Tiny().DeviceBytes();
  EXPECT_LT(bytes[0], bytes[1]);
  EXPECT_LT(bytes[0], bytes.back());
}

TEST(DitDeviceBytes, AreThoseOfTheStoredTypes) {
  DitSettings settings = Tiny().settings();
  settings.rule = [](const LayerTraits& layer) -> std::optional<c10::ScalarType> {
    return layer.kind == LayerKind::kLinear ? std::optional(c10::kFloat8_e4m3fn) : std::nullopt;
  };
  const Dit small = Tiny().With(settings);
  EXPECT_EQ(small.DeviceBytes().back(), BytesOf(small.parameters()));
  EXPECT_LT(small.DeviceBytes().back(), Tiny().DeviceBytes().back());
}

TEST(Dit, OtherStatesTakeTheRingThatIsThere) {
  const Dit streamed = WithMemory(Tiny(), {.resident_blocks = 2, .resident_states = 2});
  MemoryMeter meter(c10::kCPU);
  const Dit other_states = WithMemory(streamed, {.resident_blocks = 2, .resident_states = 1});
  EXPECT_EQ(meter.TakePeak(), 0);
  EXPECT_EQ(other_states.settings().memory, (DitMemory{.resident_blocks = 2, .resident_states = 1}));
  const Dit other_blocks = WithMemory(streamed, {.resident_blocks = 1, .resident_states = 2});
  EXPECT_GT(meter.TakePeak(), 0);
  const std::vector<at::Tensor> expected = TwoSteps(Tiny());
  for (const Dit* dit : {&streamed, &other_states, &other_blocks, &streamed})
    EXPECT_TRUE(at::equal(TwoSteps(*dit)[1], expected[1]));
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
