#include "tests/golden/case_registry.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace ruyi::golden {
namespace {

constexpr std::pair<std::string_view, CaseFunction> kFunctions[] = {
    {"buckets", RunBucketsCase},     {"clip", RunClipCase},     {"fp8_names", RunFp8NamesCase},
    {"pipeline", RunPipelineCase},   {"resize", RunResizeCase}, {"rng", RunRngCase},
    {"scheduler", RunSchedulerCase}, {"vae", RunVaeCase},       {"transformer", RunTransformerCase},
};

}  // namespace

CaseFunction FindCaseFunction(std::string_view kind) {
  const auto* found = std::find_if(std::begin(kFunctions), std::end(kFunctions),
                                   [kind](const auto& entry) { return entry.first == kind; });
  return found == std::end(kFunctions) ? nullptr : found->second;
}

}  // namespace ruyi::golden
