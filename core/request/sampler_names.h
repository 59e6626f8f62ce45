// Lists the words for samplers in provenance and stored jobs. Before it: a request. After it: files that outlive the
// program. Thread-safe.
#pragma once

#include <map>
#include <string>

#include "core/request/generation_request.h"

namespace ruyi {

// Returns the samplers by their words: "ddim", "euler", "euler_ancestral", "dpm_multistep", "pndm".
const std::map<std::string, SamplerKind>& Samplers();

std::string NameOf(SamplerKind sampler);

}  // namespace ruyi
