#include "core/request/sampler_names.h"

namespace ruyi {

const std::map<std::string, SamplerKind>& Samplers() {
  static const auto& samplers =
      *new std::map<std::string, SamplerKind>{{"ddim", SamplerKind::kDdim},
                                              {"euler", SamplerKind::kEuler},
                                              {"euler_ancestral", SamplerKind::kEulerAncestral},
                                              {"dpm_multistep", SamplerKind::kDpmMultistep},
                                              {"pndm", SamplerKind::kPndm}};
  return samplers;
}

std::string NameOf(SamplerKind sampler) {
  for (const auto& [name, kind] : Samplers()) {
    if (kind == sampler)
      return name;
  }
  return "";
}

}  // namespace ruyi
