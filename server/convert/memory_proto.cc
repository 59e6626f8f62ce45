#include "server/convert/memory_proto.h"

#include "server/convert/unknown_number.h"

namespace ruyi {
namespace {

MemoryPolicy ToPolicy(ruyi::v1::MemoryPolicy proto, std::vector<FieldViolation>& unreadable) {
  switch (proto) {
    case ruyi::v1::MEMORY_POLICY_UNSPECIFIED:
    case ruyi::v1::MEMORY_POLICY_AUTO:
      return MemoryPolicy::kAuto;
    case ruyi::v1::MEMORY_POLICY_FASTEST:
      return MemoryPolicy::kFastest;
    case ruyi::v1::MEMORY_POLICY_SMALLEST:
      return MemoryPolicy::kSmallest;
    default:
      unreadable.push_back(UnknownNumber("memory.policy", proto, *ruyi::v1::MemoryPolicy_descriptor()));
      return MemoryPolicy::kAuto;
  }
}

ruyi::v1::Stage ToProto(Stage stage) {
  switch (stage) {
    case Stage::kLoad:
      return ruyi::v1::STAGE_LOAD;
    case Stage::kClip:
      return ruyi::v1::STAGE_CLIP;
    case Stage::kEncode:
      return ruyi::v1::STAGE_ENCODE;
    case Stage::kDenoise:
      return ruyi::v1::STAGE_DENOISE;
    case Stage::kDecode:
      break;
  }
  return ruyi::v1::STAGE_DECODE;
}

}  // namespace

void FillMemory(const ruyi::v1::Memory& proto, GenerationRequest& request) {
  if (proto.has_vae_tiling())
    request.vae_tiling = proto.vae_tiling();
  request.memory.policy = ToPolicy(proto.policy(), request.unreadable);
  if (proto.has_max_vram_mib())
    request.memory.max_vram_mib = proto.max_vram_mib();
  if (proto.has_max_host_mib())
    request.memory.max_host_mib = proto.max_host_mib();
  if (proto.has_resident_blocks())
    request.memory.resident_blocks = proto.resident_blocks();
  if (proto.has_resident_states())
    request.memory.resident_states = proto.resident_states();
}

ruyi::v1::MemoryMode ToProto(const MemoryMode& mode) {
  ruyi::v1::MemoryMode proto;
  proto.set_resident_blocks(mode.resident_blocks);
  proto.set_resident_states(mode.resident_states);
  proto.set_branches_in_turn(mode.branches_in_turn);
  proto.set_autoencoder_in_slabs(mode.autoencoder_in_slabs);
  return proto;
}

ruyi::v1::StageCost ToProto(Stage stage, const StageCost& cost) {
  ruyi::v1::StageCost proto;
  proto.set_stage(ToProto(stage));
  proto.set_peak_mib(MibOf(cost.peak_bytes));
  *proto.mutable_time() = ToProto(absl::Seconds(cost.seconds));
  return proto;
}

ruyi::v1::MemoryPlan ToProto(const Placement& placement) {
  ruyi::v1::MemoryPlan proto;
  FillPrediction(placement.prediction, proto);
  proto.set_budget_mib(MibOf(placement.budget_bytes));
  proto.set_reason(placement.reason);
  return proto;
}

}  // namespace ruyi
