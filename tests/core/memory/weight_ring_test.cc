// Tests the ring on a CPU, where copies are done at once. That they wait for each other on a GPU is shown by
// ruyi-bench's comparison of the memory modes.
#include "core/memory/weight_ring.h"

#include <ATen/core/TensorBody.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ruyi {
namespace {

// Returns `count` groups of a float32 matrix and a bfloat16 vector; all numbers of group i are i + 1.
std::vector<Parameters> Groups(int count) {
  std::vector<Parameters> groups;
  for (int i = 0; i < count; ++i)
    groups.push_back({{"matrix", at::full({3, i + 1}, i + 1.0)}, {"vector", at::full({5}, i + 1.0, at::kBFloat16)}});
  return groups;
}

// Returns a ring of `groups` on a CPU.
WeightRing RingOf(const std::vector<Parameters>& groups, int slots) {
  return WeightRing(
      static_cast<int64_t>(groups.size()), [&](int64_t group) { return groups[group]; }, c10::kCPU, slots);
}

void ExpectHolds(WeightRing& ring, int64_t group) {
  const Parameters& parameters = ring.OnDevice(group);
  EXPECT_TRUE(at::equal(parameters.at("matrix"), at::full({3, group + 1}, group + 1.0)));
  EXPECT_TRUE(at::equal(parameters.at("vector"), at::full({5}, group + 1.0, at::kBFloat16)));
}

void UseAll(WeightRing& ring) {
  for (int64_t group = 0; group < ring.groups(); ++group) {
    ring.Acquire(group);
    ExpectHolds(ring, group);
    ring.Release(group);
  }
}

class WeightRingTest : public testing::TestWithParam<std::tuple<int, int>> {};

TEST_P(WeightRingTest, HasEachGroupWhileItIsInUse) {
  const auto [groups, slots] = GetParam();
  WeightRing ring = RingOf(Groups(groups), slots);
  for (int round = 0; round < 3; ++round)
    UseAll(ring);
}

INSTANTIATE_TEST_SUITE_P(GroupsAndSlots, WeightRingTest,
                         testing::Values(std::tuple(1, 2), std::tuple(2, 2), std::tuple(5, 2), std::tuple(6, 2),
                                         std::tuple(7, 3), std::tuple(4, 1)));

TEST(WeightRing, MayBeLeftInTheMiddleOfARound) {
  WeightRing ring = RingOf(Groups(5), 2);
  ring.Acquire(0);
  ring.Release(0);
  ring.Acquire(1);
  ring.Release(1);
  UseAll(ring);
}

TEST(WeightRing, CopiesAheadInToTheSlotThatIsFree) {
  WeightRing ring = RingOf(Groups(4), 2);
  ring.Acquire(0);
  ring.Release(0);
  ExpectHolds(ring, 2);
}

TEST(WeightRing, TakesTheSlotsOfTheLargestGroup) {
  const WeightRing ring = RingOf(Groups(100), 3);
  EXPECT_EQ(ring.device_bytes(), 3 * (1280 + 256));  // 3 * 100 floats and 5 halves, in units of 256 bytes
}

TEST(WeightRing, CountsWhatAGroupTakesInASlot) {
  EXPECT_EQ(WeightRing::SlotBytesOf({}), 0);
  for (const Parameters& group : Groups(100)) {
    const WeightRing ring = RingOf({group}, 1);
    EXPECT_EQ(WeightRing::SlotBytesOf(group), ring.device_bytes());
  }
  EXPECT_EQ(WeightRing::SlotBytesOf(Groups(100).back()), 1280 + 256);
}

TEST(WeightRing, CountsWhatTheHostTakesForGroups) {
  constexpr int64_t kMib = 1 << 20;
  EXPECT_EQ(WeightRing::HostBytesOf({}, c10::kCPU), 0);
  EXPECT_EQ(WeightRing::HostBytesOf({1280, 1536}, c10::kCPU), 1280 + 1536);
  const c10::Device gpu(c10::kCUDA, 0);
  EXPECT_EQ(WeightRing::HostBytesOf({}, gpu), 0);
  EXPECT_EQ(WeightRing::HostBytesOf({1280, 1536}, gpu), 1024 * kMib);                          // of one slab
  EXPECT_EQ(WeightRing::HostBytesOf({400 * kMib, 400 * kMib, 400 * kMib}, gpu), 2048 * kMib);  // two and one
  EXPECT_EQ(WeightRing::HostBytesOf({1500 * kMib, 100 * kMib}, gpu), (2048 + 1024) * kMib);    // a power of two
}

TEST(WeightRing, KeepsItsOwnCopy) {
  std::vector<Parameters> groups = Groups(3);
  WeightRing ring = RingOf(groups, 2);
  groups[0].at("matrix").fill_(9);
  UseAll(ring);
}

// So that a group that is made for the ring need not lie beside the others.
TEST(WeightRing, TakesOneGroupAfterTheOther) {
  std::vector<at::Tensor> given;
  const auto make = [&](int64_t group) {
    for (const at::Tensor& before : given)
      EXPECT_EQ(before.use_count(), 1);
    given.push_back(at::full({3}, static_cast<double>(group)));
    return Parameters{{"vector", given.back()}};
  };
  const WeightRing ring(3, make, c10::kCPU, 2);
  ASSERT_EQ(ring.groups(), 3);
  for (int64_t group = 0; group < 3; ++group)
    EXPECT_TRUE(at::equal(ring.OnHost(group).at("vector"), given[group]));
}

}  // namespace
}  // namespace ruyi
