// The small autoencoders of tests/golden, and copies of them with another configuration. Each is loaded once in a
// program. Thread-safe.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/json/json_file.h"
#include "core/model/vae/vae.h"
#include "core/tensor/random_streams.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_folder.h"

namespace ruyi {

// `model`: "tiny" (slice mode) or "tiny-cache" (cache mode).
inline std::filesystem::path VaeFolder(const std::string& model) {
  return std::filesystem::path(RUYI_SOURCE_DIR) / "tests" / "golden" / "models" / model / "vae";
}

inline Vae LoadVae(const std::filesystem::path& folder, const TensorPlacement& placement = {}) {
  std::vector<std::string> unused;
  absl::StatusOr<Vae> vae = Vae::Load(folder, placement, &unused);
  EXPECT_THAT(vae, IsOk());
  EXPECT_THAT(unused, testing::IsEmpty());
  return *std::move(vae);
}

inline const Vae& SliceVae() {
  static const Vae* const vae = new Vae(LoadVae(VaeFolder("tiny")));
  return *vae;
}

inline const Vae& CacheVae() {
  static const Vae* const vae = new Vae(LoadVae(VaeFolder("tiny-cache")));
  return *vae;
}

// Copies `model` into `folder`, with `changes` to its configuration.
inline void CopyVae(const std::string& model, const nlohmann::json& changes, const TemporaryFolder& folder) {
  std::filesystem::copy(VaeFolder(model), folder.path(), std::filesystem::copy_options::recursive);
  nlohmann::json config = *ReadJsonFile(folder.path() / "config.json");
  config.update(changes);
  folder.Write("config.json", config.dump());
}

// The same numbers at every call with the same `seed`.
inline at::Tensor Random(at::IntArrayRef shape, uint64_t seed = 5) {
  return *RandomStreams(seed).Normal(NoisePurpose::kInitialLatents, shape);
}

}  // namespace ruyi
