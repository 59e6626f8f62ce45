#include "core/pipeline/ruyi/make_sampler.h"

#include "core/request/limits.h"
#include "core/sampler/ddim.h"
#include "core/sampler/dpm_multistep.h"
#include "core/sampler/euler.h"
#include "core/sampler/euler_ancestral.h"
#include "core/sampler/pndm.h"

namespace ruyi {

// A request is refused before it gets here.
static_assert(kPndmMinSteps == PndmSampler::kMinSteps);

absl::StatusOr<std::unique_ptr<Sampler>> MakeSampler(SamplerKind kind, const SamplerConfig& config, int steps,
                                                     NoiseSource& noise) {
  switch (kind) {
    case SamplerKind::kEuler:
      return EulerSampler::Create(config, steps);
    case SamplerKind::kEulerAncestral:
      return EulerAncestralSampler::Create(config, steps, noise);
    case SamplerKind::kDpmMultistep:
      return DpmMultistepSampler::Create(config, steps);
    case SamplerKind::kPndm:
      return PndmSampler::Create(config, steps);
    case SamplerKind::kDdim:
      break;
  }
  return DdimSampler::Create(config, steps);
}

}  // namespace ruyi
