#include "tests/model_bench/vae_in_mode.h"

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <system_error>
#include <vector>

#include "absl/strings/str_format.h"
#include "core/base/status_macros.h"
#include "core/json/json_file.h"

namespace ruyi::bench {
namespace {

using nlohmann::json;

constexpr const char* kConfigFile = "config.json";

// A folder that is gone with the object.
class ShortLivedFolder {
 public:
  static absl::StatusOr<ShortLivedFolder> Make() {
    std::error_code error;
    std::string path = (std::filesystem::temp_directory_path(error) / "ruyi-bench.XXXXXX").string();
    if (error || mkdtemp(path.data()) == nullptr)
      return absl::UnavailableError(absl::StrFormat("%s: no such folder could be made: set TMPDIR", path));
    return ShortLivedFolder(path);
  }
  ShortLivedFolder(ShortLivedFolder&& other) noexcept { path_.swap(other.path_); }
  ~ShortLivedFolder() {
    std::error_code ignored;
    if (!path_.empty())
      std::filesystem::remove_all(path_, ignored);
  }

  const std::filesystem::path& path() const { return path_; }

 private:
  explicit ShortLivedFolder(std::filesystem::path path) : path_(std::move(path)) {}

  std::filesystem::path path_;
};

json SettingsOf(VaeTemporalMode mode) {
  const bool is_cached = mode == VaeTemporalMode::kCache;
  return {{"slice_mag_vae", mode == VaeTemporalMode::kChunks},
          {"slice_compression_vae", mode == VaeTemporalMode::kSlice},
          {"cache_compression_vae", is_cached},
          {"spatial_group_norm", is_cached},
          {"mid_block_attention_type", is_cached ? "spatial" : "3d"}};
}

absl::Status LinkWeights(const std::filesystem::path& from, const std::filesystem::path& to) {
  std::error_code error;
  const std::filesystem::path folder = std::filesystem::absolute(from, error);
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    if (entry.path().filename() != kConfigFile)
      std::filesystem::create_symlink(entry.path(), to / entry.path().filename(), error);
    if (error)
      return absl::UnavailableError(absl::StrFormat("%s: no link could be made: %s", to.string(), error.message()));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Vae> LoadVaeIn(VaeTemporalMode mode, const std::filesystem::path& model,
                              const TensorPlacement& placement) {
  const std::filesystem::path folder = model / "vae";
  RUYI_ASSIGN_OR_RETURN(json config, ReadJsonFile(folder / kConfigFile));
  config.update(SettingsOf(mode));
  RUYI_ASSIGN_OR_RETURN(const ShortLivedFolder other, ShortLivedFolder::Make());
  RUYI_RETURN_IF_ERROR(WriteJsonFile(other.path() / kConfigFile, config));
  RUYI_RETURN_IF_ERROR(LinkWeights(folder, other.path()));
  std::vector<std::string> unused;
  return Vae::Load(other.path(), placement, &unused);
}

std::string NameOf(VaeTemporalMode mode) {
  switch (mode) {
    case VaeTemporalMode::kPlain:
      return "plain";
    case VaeTemporalMode::kChunks:
      return "chunks";
    case VaeTemporalMode::kSlice:
      return "slice";
    case VaeTemporalMode::kCache:
      return "cache";
  }
  return "";
}

bool IsSmoothed(const VaeConfig& config) {
  return config.temporal_mode != VaeTemporalMode::kCache;
}

std::map<std::string, std::string> ConfigurationOf(const VaeConfig& config) {
  const bool is_spatial = config.mid_attention == VaeAttentionType::kSpatial;
  return {{"temporal_mode", NameOf(config.temporal_mode)},
          {"norms", config.spatial_norm ? "per frame" : "per chunk"},
          {"middle_attention", is_spatial ? "per frame" : "per chunk"}};
}

}  // namespace ruyi::bench
