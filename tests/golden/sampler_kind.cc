#include "tests/golden/sampler_kind.h"

#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/str_format.h"
#include "core/base/status_macros.h"
#include "core/json/json_file.h"

namespace ruyi::golden {

absl::StatusOr<SamplerKind> ReadSamplerKind(const nlohmann::json& params) {
  constexpr std::pair<std::string_view, SamplerKind> kNames[] = {{"DDIM", SamplerKind::kDdim},
                                                                 {"Euler", SamplerKind::kEuler},
                                                                 {"Euler A", SamplerKind::kEulerAncestral},
                                                                 {"DPM++", SamplerKind::kDpmMultistep},
                                                                 {"PNDM", SamplerKind::kPndm}};
  RUYI_ASSIGN_OR_RETURN(const std::string name, GetString(params, "scheduler"));
  for (const auto& [known, kind] : kNames) {
    if (known == name)
      return kind;
  }
  return absl::FailedPreconditionError(absl::StrFormat("scheduler %s is unknown", name));
}

}  // namespace ruyi::golden
