#include "server/convert/memory_proto.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <utility>
#include <vector>

namespace ruyi {
namespace {

using testing::ElementsAre;
using testing::FieldsAre;
using testing::IsEmpty;

constexpr int64_t kMib = 1 << 20;

TEST(MemoryProto, HasMibAndBytesAsOneAnothersOpposite) {
  EXPECT_EQ(BytesOfMib(24576), 24576 * kMib);
  EXPECT_EQ(MibOf(BytesOfMib(std::numeric_limits<int>::max())), std::numeric_limits<int>::max());
}

TEST(MemoryProto, TakesEveryField) {
  v1::Memory proto;
  proto.set_vae_tiling(false);
  proto.set_policy(v1::MEMORY_POLICY_SMALLEST);
  proto.set_max_vram_mib(12288);
  proto.set_max_host_mib(65536);
  proto.set_resident_blocks(0);
  proto.set_resident_states(5);
  GenerationRequest request;
  FillMemory(proto, request);
  EXPECT_EQ(request.vae_tiling, false);
  EXPECT_EQ(request.memory.policy, MemoryPolicy::kSmallest);
  EXPECT_EQ(request.memory.max_vram_mib, 12288);
  EXPECT_EQ(request.memory.max_host_mib, 65536);
  EXPECT_EQ(request.memory.resident_blocks, 0);
  EXPECT_EQ(request.memory.resident_states, 5);
  EXPECT_THAT(request.unreadable, IsEmpty());
}

TEST(MemoryProto, LeavesOutWhatIsAbsent) {
  GenerationRequest request;
  FillMemory(v1::Memory(), request);
  EXPECT_EQ(request.vae_tiling, std::nullopt);
  EXPECT_EQ(request.memory.policy, MemoryPolicy::kAuto);
  EXPECT_EQ(request.memory.max_vram_mib, std::nullopt);
  EXPECT_EQ(request.memory.max_host_mib, std::nullopt);
  EXPECT_EQ(request.memory.resident_blocks, std::nullopt);
  EXPECT_EQ(request.memory.resident_states, std::nullopt);
}

TEST(MemoryProto, TakesEveryPolicy) {
  const std::vector<std::pair<v1::MemoryPolicy, MemoryPolicy>> policies = {
      {v1::MEMORY_POLICY_UNSPECIFIED, MemoryPolicy::kAuto},
      {v1::MEMORY_POLICY_AUTO, MemoryPolicy::kAuto},
      {v1::MEMORY_POLICY_FASTEST, MemoryPolicy::kFastest},
      {v1::MEMORY_POLICY_SMALLEST, MemoryPolicy::kSmallest}};
  EXPECT_EQ(policies.size(), size_t{v1::MemoryPolicy_ARRAYSIZE});
  for (const auto& [from, to] : policies) {
    v1::Memory proto;
    proto.set_policy(from);
    GenerationRequest request;
    FillMemory(proto, request);
    EXPECT_EQ(request.memory.policy, to) << v1::MemoryPolicy_Name(from);
  }
}

TEST(MemoryProto, RefusesPoliciesThatItDoesNotKnow) {
  v1::Memory proto;
  proto.set_policy(static_cast<v1::MemoryPolicy>(4));
  GenerationRequest request;
  FillMemory(proto, request);
  EXPECT_THAT(request.unreadable,
              ElementsAre(FieldsAre("memory.policy",
                                    "4 is no ruyi.v1.MemoryPolicy; use MEMORY_POLICY_AUTO, MEMORY_POLICY_FASTEST, "
                                    "MEMORY_POLICY_SMALLEST")));
}

TEST(MemoryProto, AModeKeepsItsNumbers) {
  const v1::MemoryMode proto =
      ToProto(MemoryMode{.resident_blocks = 20, .resident_states = 5, .branches_in_turn = true});
  EXPECT_EQ(proto.resident_blocks(), 20);
  EXPECT_EQ(proto.resident_states(), 5);
  EXPECT_TRUE(proto.branches_in_turn());
  EXPECT_FALSE(proto.autoencoder_in_slabs());
  EXPECT_TRUE(ToProto(MemoryMode{.autoencoder_in_slabs = true}).autoencoder_in_slabs());
}

TEST(MemoryProto, EveryStageHasItsNumber) {
  const std::vector<std::pair<Stage, v1::Stage>> stages = {{Stage::kLoad, v1::STAGE_LOAD},
                                                           {Stage::kEncode, v1::STAGE_ENCODE},
                                                           {Stage::kClip, v1::STAGE_CLIP},
                                                           {Stage::kDenoise, v1::STAGE_DENOISE},
                                                           {Stage::kDecode, v1::STAGE_DECODE}};
  EXPECT_EQ(stages.size(), size_t{v1::Stage_ARRAYSIZE - 1});
  EXPECT_EQ(stages.size(), size_t{kStages});
  for (const auto& [from, to] : stages)
    EXPECT_EQ(ToProto(from, StageCost()).stage(), to);
}

TEST(MemoryProto, APlacementSaysWhatItsModeTakesAndWhy) {
  Placement placement;
  placement.prediction.mode = {.resident_blocks = 20, .resident_states = 5};
  placement.prediction.Of(Stage::kDenoise) = {.peak_bytes = 3000 * kMib, .seconds = 60};
  placement.prediction.Of(Stage::kDecode) = {.peak_bytes = 2000 * kMib, .seconds = 1.5};
  placement.prediction.host_bytes = 13000 * kMib;
  placement.budget_bytes = 4000 * kMib;
  placement.reason = "it fits";
  const v1::MemoryPlan proto = ToProto(placement);
  EXPECT_EQ(proto.mode().resident_blocks(), 20);
  EXPECT_EQ(proto.predicted_mib(), 3000);
  EXPECT_EQ(proto.predicted_host_mib(), 13000);
  EXPECT_EQ(proto.predicted_time().seconds(), 61);
  EXPECT_EQ(proto.predicted_time().nanos(), 500'000'000);
  EXPECT_EQ(proto.budget_mib(), 4000);
  EXPECT_EQ(proto.reason(), "it fits");
  std::vector<v1::Stage> stages;
  for (const v1::StageCost& cost : proto.stages())
    stages.push_back(cost.stage());
  EXPECT_THAT(stages, testing::ElementsAre(v1::STAGE_LOAD, v1::STAGE_ENCODE, v1::STAGE_CLIP, v1::STAGE_DENOISE,
                                           v1::STAGE_DECODE));
  EXPECT_EQ(proto.stages(4).stage(), v1::STAGE_DECODE);
  EXPECT_EQ(proto.stages(4).peak_mib(), 2000);
  EXPECT_EQ(proto.stages(4).time().seconds(), 1);
}

}  // namespace
}  // namespace ruyi
