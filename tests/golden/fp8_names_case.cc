// Kind fp8_names: the file lists the parameters of a manifest that a float8 mode converts.
#include <ATen/ops/empty.h>
#include <ATen/ops/tensor.h>

#include <algorithm>
#include <set>

#include "absl/strings/str_format.h"
#include "core/base/status_macros.h"
#include "core/json/json_file.h"
#include "core/model/dit/dit.h"
#include "core/quant/fp8.h"
#include "tests/golden/case_registry.h"
#include "tests/golden/fp8_settings.h"

namespace ruyi::golden {
namespace {

const TensorPlacement kShapesOnly = {.device = c10::Device(c10::kMeta), .dtype = c10::kBFloat16};

// The model of a manifest, without numbers.
absl::StatusOr<Dit> DitOf(const nlohmann::json& manifest, const StorageRule& rule) {
  RUYI_ASSIGN_OR_RETURN(const DitConfig config, ParseDitConfig(manifest["config"]));
  Parameters parameters;
  for (const auto& [name, shape] : manifest["tensors"].items()) {
    parameters[name] =
        at::empty(shape.get<std::vector<int64_t>>(), at::TensorOptions(kShapesOnly.dtype).device(kShapesOnly.device));
  }
  return Dit::FromParameters(config, kShapesOnly, std::move(parameters), rule);
}

absl::StatusOr<std::set<std::string>> ReadNames(const std::filesystem::path& path) {
  RUYI_ASSIGN_OR_RETURN(const std::string text, ReadBytes(path));
  RUYI_ASSIGN_OR_RETURN(const nlohmann::json list, ParseJson(text, path.string()));
  return list.get<std::set<std::string>>();
}

}  // namespace

absl::StatusOr<std::vector<CaseOutput>> RunFp8NamesCase(const CaseInput& input) {
  RUYI_ASSIGN_OR_RETURN(const Fp8Settings settings, ReadFp8Settings(input.golden.params));
  RUYI_ASSIGN_OR_RETURN(const std::string path, GetString(input.golden.params, "manifest"));
  RUYI_ASSIGN_OR_RETURN(const nlohmann::json manifest, ReadJsonFile(input.folder / path));
  RUYI_ASSIGN_OR_RETURN(const std::set<std::string> listed, ReadNames(input.golden.file));
  RUYI_ASSIGN_OR_RETURN(const Dit dit, DitOf(manifest, Fp8Rule(settings)));
  std::vector<int64_t> ours;
  std::vector<int64_t> golden;
  for (const auto& [name, parameter] : dit.parameters()) {
    ours.push_back(parameter.element_size() == 1 ? 1 : 0);
    golden.push_back(listed.contains(name) ? 1 : 0);
  }
  if (std::count(golden.begin(), golden.end(), 1) != static_cast<int64_t>(listed.size()))
    return absl::FailedPreconditionError(absl::StrFormat("%s lists names that are no parameters", path));
  return std::vector<CaseOutput>{{.name = "names", .ours = at::tensor(ours), .golden = at::tensor(golden)}};
}

}  // namespace ruyi::golden
