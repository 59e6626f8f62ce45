// Converts samplers between core/request and the contract. Functions without state; thread-safe.
#pragma once

#include <ruyi/v1/video.pb.h>

#include <optional>
#include <vector>

#include "core/request/generation_request.h"

namespace ruyi {

ruyi::v1::Sampler ToProto(SamplerKind sampler);

// Returns DDIM for SAMPLER_UNSPECIFIED, and nullopt for a number that the contract does not know.
std::optional<SamplerKind> FromProto(ruyi::v1::Sampler sampler);

// Returns all samplers that this server has, in the contract's order.
std::vector<ruyi::v1::Sampler> BuiltSamplers();

}  // namespace ruyi
