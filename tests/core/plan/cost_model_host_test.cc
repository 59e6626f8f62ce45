// Tests what the cost model says about the host's memory.
#include <gtest/gtest.h>

#include "core/plan/cost_model.h"
#include "tests/core/plan/large_spec.h"

namespace ruyi {
namespace {

constexpr int64_t kPinnedMib = 64;  // of the tokens of a branch, rounded up to a power of two

int64_t HostMib(const VideoSpec& spec, const MemoryMode& mode, const ModelFacts& facts = TestFacts()) {
  return CostModel(facts, TestCalibration()).Predict(spec, mode).host_bytes / kTestMib;
}

TEST(HostBytes, AreNoneWhereEverythingLiesOnTheDevice) {
  EXPECT_EQ(HostMib(LargeSpec(), {.resident_blocks = 4, .resident_states = 3}), 0);
}

TEST(HostBytes, HaveTheStreamedBlocks) {
  EXPECT_EQ(HostMib(LargeSpec(), {.resident_blocks = 3, .resident_states = 3}), 1000);
  EXPECT_EQ(HostMib(LargeSpec(), {.resident_blocks = 0, .resident_states = 3}), 4000);
}

// A batch has the tokens of both branches in one tensor, 90 MiB that are pinned as 128.
TEST(HostBytes, HaveTheStatesThatAreAway) {
  EXPECT_EQ(HostMib(LargeSpec(), {.resident_blocks = 4, .resident_states = 1}), 2 * 2 * kPinnedMib);
  EXPECT_EQ(HostMib(LargeSpec(), {.resident_blocks = 4, .resident_states = 1, .branches_in_turn = true}),
            2 * 2 * kPinnedMib);
  VideoSpec unguided = LargeSpec();
  unguided.guidance_scale = 1;
  EXPECT_EQ(HostMib(unguided, {.resident_blocks = 4, .resident_states = 2}), kPinnedMib);
}

// Fourteen tensors of 45 MiB in slabs of 512, 128 and 64.
TEST(HostBytes, OfManyStatesLieInSlabs) {
  ModelFacts facts = TestFacts();
  facts.states = 8;
  EXPECT_EQ(HostMib(LargeSpec(), {.resident_blocks = 4, .resident_states = 1, .branches_in_turn = true}, facts),
            512 + 128 + 64);
}

TEST(HostBytes, HaveARingAndStatesForEachOfTwoDevices) {
  ModelFacts two = TestFacts();
  two.devices = 2;
  EXPECT_EQ(HostMib(LargeSpec(), {.resident_blocks = 0, .resident_states = 2}, two), 2 * (4000 + kPinnedMib));
}

TEST(HostBytes, HaveTheStreamedBlocksInTheBitsOfTheRequest) {
  VideoSpec spec = LargeSpec();
  spec.fp8.mode = Fp8Mode::kStrong;  // half of the weights
  EXPECT_EQ(HostMib(spec, {.resident_blocks = 0, .resident_states = 3}), 2000);
}

TEST(HostBytes, HaveWhatTeaCacheKeepsThere) {
  VideoSpec spec = LargeSpec();
  spec.tea_cache = TeaCacheSettings{.offload = true};
  EXPECT_EQ(HostMib(spec, {.resident_blocks = 4, .resident_states = 3}), 3 * 2 * kTokensMib);
  spec.tea_cache->offload = false;
  EXPECT_EQ(HostMib(spec, {.resident_blocks = 4, .resident_states = 3}), 0);
}

// There nothing is rounded.
TEST(HostBytes, OfACpuHaveEverything) {
  ModelFacts cpu = TestFacts();
  cpu.is_on_host = true;
  const MemoryMode mode = {.resident_blocks = 3, .resident_states = 2, .branches_in_turn = true};
  const int64_t device_mib = CostModel(cpu, TestCalibration()).Predict(LargeSpec(), mode).peak_bytes() / kTestMib;
  EXPECT_EQ(HostMib(LargeSpec(), mode, cpu), device_mib + 1000 + 2 * kTokensMib);
}

}  // namespace
}  // namespace ruyi
