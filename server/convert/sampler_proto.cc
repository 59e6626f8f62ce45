#include "server/convert/sampler_proto.h"

#include <utility>

namespace ruyi {
namespace {

constexpr std::pair<SamplerKind, ruyi::v1::Sampler> kSamplers[] = {
    {SamplerKind::kDdim, ruyi::v1::SAMPLER_DDIM},
    {SamplerKind::kEuler, ruyi::v1::SAMPLER_EULER},
    {SamplerKind::kEulerAncestral, ruyi::v1::SAMPLER_EULER_ANCESTRAL},
    {SamplerKind::kDpmMultistep, ruyi::v1::SAMPLER_DPM_MULTISTEP},
    {SamplerKind::kPndm, ruyi::v1::SAMPLER_PNDM},
};

}  // namespace

ruyi::v1::Sampler ToProto(SamplerKind sampler) {
  for (const auto& [kind, proto] : kSamplers) {
    if (kind == sampler)
      return proto;
  }
  return ruyi::v1::SAMPLER_UNSPECIFIED;
}

std::optional<SamplerKind> FromProto(ruyi::v1::Sampler sampler) {
  if (sampler == ruyi::v1::SAMPLER_UNSPECIFIED)
    return SamplerKind::kDdim;
  for (const auto& [kind, proto] : kSamplers) {
    if (proto == sampler)
      return kind;
  }
  return std::nullopt;
}

std::vector<ruyi::v1::Sampler> BuiltSamplers() {
  std::vector<ruyi::v1::Sampler> samplers;
  for (const auto& [kind, proto] : kSamplers)
    samplers.push_back(proto);
  return samplers;
}

}  // namespace ruyi
