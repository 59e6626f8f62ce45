// Tests what lies in memory when the transformer is placed in one mode after another, on a CPU, where all tensors
// count.
#include "core/pipeline/ruyi/placed_dit.h"

#include <ATen/core/TensorBody.h>
#include <ATen/ops/equal.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "core/pipeline/ruyi/facts_of.h"
#include "core/tensor/device_memory.h"
#include "tests/core/pipeline/small_pipeline.h"

namespace ruyi {
namespace {

constexpr Fp8Settings kExtreme = {.mode = Fp8Mode::kExtreme};

class PlacedDitTest : public testing::Test {
 protected:
  int layers() const { return static_cast<int>(models_.dit.config().layers); }

  StoredWeights Extreme() const {
    const std::vector<StoredWeights> instead = FactsOf(models_).instead;
    return *std::find_if(instead.begin(), instead.end(), [](const auto& stored) { return stored.fp8 == kExtreme; });
  }

  // Returns the bytes of the matrices of a block in float32.
  int64_t BlockBytes() const { return FactsOf(models_).ring_bytes[layers() - 1]; }

  // Returns the bytes of the largest parameter, twice: on its way from one type to another.
  int64_t ChangingBytes() const {
    int64_t bytes = 0;
    for (const auto& [name, tensor] : models_.dit.parameters())
      bytes = std::max(bytes, static_cast<int64_t>(2 * sizeof(float)) * tensor.numel());
    return bytes;
  }

  // The parameters have the file's bfloat16 in the host's memory, and are computed in float32.
  const RuyiModels models_ = *LoadRuyiModels(GoldenModel("tiny"), {}, {}, c10::Device(c10::kCPU));
  PlacedDit placed_{models_.dit, models_.placement};
};

TEST_F(PlacedDitTest, TakesWhatTheFactsSay) {
  const ModelFacts facts = FactsOf(models_);
  ASSERT_EQ(facts.instead.size(), 6);  // three modes, each in both kinds of arithmetic
  for (const StoredWeights& stored : facts.instead) {
    placed_.Place({});
    MemoryMeter meter(c10::kCPU);
    const Dit& dit = placed_.Place({}, stored.fp8);
    const int64_t taken = meter.TakePeak();
    EXPECT_GE(taken, stored.weight_bytes[layers()]);
    EXPECT_LE(taken, stored.weight_bytes[layers()] + ChangingBytes());
    EXPECT_EQ(dit.DeviceBytes(), stored.weight_bytes);
    EXPECT_EQ(dit.RingBytes(c10::kCPU), stored.ring_bytes);
  }
  EXPECT_LT(facts.instead.back().weight_bytes[layers()], facts.weight_bytes[layers()]);
}

// One block is on its way through the device while the others are packed.
TEST_F(PlacedDitTest, StreamsEightBitsFromTheHostsMemory) {
  const StoredWeights stored = Extreme();
  MemoryMeter meter(c10::kCPU);
  const Dit& dit = placed_.Place({.resident_blocks = 0}, stored.fp8);
  const int64_t taken = meter.TakePeak();
  EXPECT_GE(taken, stored.ring_bytes[0] + stored.weight_bytes[0]);
  EXPECT_LE(taken, stored.ring_bytes[0] + stored.weight_bytes[0] + BlockBytes() + ChangingBytes());
  EXPECT_EQ(dit.parameters().at("blocks.0.attn1.to_q.weight").scalar_type(), at::kFloat8_e4m3fn);
}

TEST_F(PlacedDitTest, NeverHasTwoSetsOfWeights) {
  MemoryMeter meter(c10::kCPU);
  placed_.Place({}, kExtreme);
  const int64_t one_set = meter.TakePeak();
  placed_.Place({}, {.mode = Fp8Mode::kExtreme, .type = Fp8Type::kE5m2});
  EXPECT_EQ(meter.TakePeak(), one_set);
  placed_.Place({.resident_blocks = 0});
  placed_.Place({.resident_blocks = 0}, kExtreme);
  meter.TakePeak();
  const StoredWeights stored = Extreme();
  EXPECT_EQ(meter.TakePeak(), stored.ring_bytes[0] + stored.weight_bytes[0]);
}

TEST_F(PlacedDitTest, KeepsWhatIsPlacedAsItIsWanted) {
  for (const Fp8Settings& fp8 : {Fp8Settings(), kExtreme}) {
    const MemoryMode mode = {.resident_blocks = 1};
    placed_.Place(mode, fp8);
    MemoryMeter meter(c10::kCPU);
    placed_.Place(mode, fp8);
    placed_.Place({.resident_blocks = 1, .resident_states = 1}, fp8);
    EXPECT_EQ(meter.TakePeak(), 0);
  }
}

TEST_F(PlacedDitTest, HasTheLoadedWeightsAgainAfterEightBits) {
  placed_.Place({}, kExtreme);
  const Dit& dit = placed_.Place({.resident_blocks = 1}, {.mode = Fp8Mode::kNone, .type = Fp8Type::kE5m2});
  for (const auto& [name, tensor] : models_.dit.parameters())
    EXPECT_TRUE(at::equal(dit.parameters().at(name), tensor.to(at::kFloat))) << name;
}

// Nothing of the host's memory but the file's bytes is taken for what was loaded.
TEST_F(PlacedDitTest, TheLoadedWeightsHaveTheTypesOfTheirFiles) {
  for (const auto& [name, tensor] : models_.dit.parameters())
    EXPECT_EQ(tensor.scalar_type(), at::kBFloat16) << name;
  MemoryMeter meter(c10::kCPU);
  EXPECT_THAT(Dit::Load(GoldenModel("tiny") / "transformer", {}, {}, /*unused=*/nullptr, LoadedTypes::kOfFiles),
              IsOk());
  EXPECT_LE(meter.TakePeak(), ChangingBytes());
}

TEST_F(PlacedDitTest, StreamsThemInTheTypeOfTheArithmetic) {
  const Dit& dit = placed_.Place({.resident_blocks = 1});
  for (const auto& [name, tensor] : models_.dit.parameters())
    EXPECT_TRUE(at::equal(dit.parameters().at(name), tensor.to(at::kFloat))) << name;
}

}  // namespace
}  // namespace ruyi
