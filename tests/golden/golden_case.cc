#include "tests/golden/golden_case.h"

#include "absl/strings/str_format.h"
#include "core/base/status_macros.h"
#include "core/json/json_file.h"

namespace ruyi::golden {
namespace {

using nlohmann::json;

constexpr int64_t kFormat = 1;

absl::StatusOr<GoldenCase> ParseCase(const json& entry, const std::filesystem::path& folder) {
  GoldenCase result;
  RUYI_ASSIGN_OR_RETURN(result.name, GetString(entry, "name"));
  RUYI_ASSIGN_OR_RETURN(result.kind, GetString(entry, "kind"));
  RUYI_ASSIGN_OR_RETURN(const std::string model, GetString(entry, "model", ""));
  if (!model.empty())
    result.model = folder / "models" / model;
  RUYI_ASSIGN_OR_RETURN(const std::string file, GetString(entry, "file"));
  result.file = folder / file;
  result.params = HasValue(entry, "params") ? entry["params"] : json::object();
  RUYI_ASSIGN_OR_RETURN(result.outputs, GetStringList(entry, "outputs"));
  RUYI_ASSIGN_OR_RETURN(result.tolerance, GetDouble(entry, "tolerance_rel"));
  return result;
}

}  // namespace

absl::StatusOr<std::vector<GoldenCase>> ReadCases(const std::filesystem::path& folder) {
  const std::filesystem::path path = folder / "cases.json";
  RUYI_ASSIGN_OR_RETURN(const json file, ReadJsonFile(path));
  RUYI_ASSIGN_OR_RETURN(const int64_t format, GetInt(file, "format"));
  if (format != kFormat || !HasValue(file, "cases") || !file["cases"].is_array()) {
    return absl::FailedPreconditionError(
        absl::StrFormat("%s: expected format %d with a list of cases", path.string(), kFormat));
  }
  std::vector<GoldenCase> cases;
  for (const json& entry : file["cases"]) {
    absl::StatusOr<GoldenCase> parsed = ParseCase(entry, folder);
    if (!parsed.ok()) {
      return absl::FailedPreconditionError(
          absl::StrFormat("%s: case %d: %s", path.string(), cases.size(), parsed.status().message()));
    }
    cases.push_back(*std::move(parsed));
  }
  return cases;
}

}  // namespace ruyi::golden
