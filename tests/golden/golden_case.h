// One case of a golden folder: what cases.json says about it. Before it: the folder. After it: case_registry.h finds
// the function that runs it. A value.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace ruyi::golden {

struct GoldenCase {
  std::string name;
  std::string kind;
  std::filesystem::path model;  // folder of the model, or empty
  std::filesystem::path file;   // tensors or JSON
  nlohmann::json params;        // an object
  std::vector<std::string> outputs;
  double tolerance = 0;  // of max|ours - golden| / max|golden|
};

// The cases of `folder`/cases.json in its order, paths made absolute by `folder`. Errors: those of ReadJsonFile and of
// the typed getters, naming the case; FAILED_PRECONDITION: a format other than 1.
absl::StatusOr<std::vector<GoldenCase>> ReadCases(const std::filesystem::path& folder);

}  // namespace ruyi::golden
