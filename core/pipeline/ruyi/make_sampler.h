// Makes the sampler of a spec. Before it: the spec's choice. After it: denoise_loop.h. Thread-safe.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "core/request/generation_request.h"
#include "core/sampler/sampler.h"
#include "core/sampler/sampler_config.h"
#include "core/tensor/noise_source.h"

namespace ruyi {

// Makes a sampler for one request; `noise` must outlive it. INVALID_ARGUMENT: a number of steps that it does not take.
absl::StatusOr<std::unique_ptr<Sampler>> MakeSampler(SamplerKind kind, const SamplerConfig& config, int steps,
                                                     NoiseSource& noise);

}  // namespace ruyi
