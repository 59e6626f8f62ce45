// The small models of tests/golden, copies of them to break, and safetensors files of given tensors. Functions without
// state; thread-safe.
#pragma once

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "core/pipeline/ruyi/models.h"
#include "tests/support/temporary_folder.h"

namespace ruyi {

// `name`: "tiny" (an autoencoder in slice mode) or "tiny-cache" (in cache mode).
std::filesystem::path GoldenModel(const std::string& name);

// A golden model, loaded once in a program. The test ends when that fails.
const RuyiModels& LoadedModel(const std::string& name);

using NamedTensors = std::map<std::string, at::Tensor>;

// Returns all tensors of a file, copied out of it.
NamedTensors ReadTensors(const std::filesystem::path& file);

// Writes them as float32, in place of what was there. Files that are mapped keep their bytes.
void WriteTensors(const std::filesystem::path& file, const NamedTensors& tensors);

// A model that a test may change.
class ModelCopy {
 public:
  explicit ModelCopy(const std::string& name);

  std::filesystem::path path() const { return folder_.path(); }

  // Sets keys of a JSON file, named from the model's folder.
  void Configure(const std::string& file, const nlohmann::json& changes) const;

  absl::StatusOr<RuyiModels> Load() const { return LoadRuyiModels(path(), {}); }

 private:
  TemporaryFolder folder_;
};

}  // namespace ruyi
