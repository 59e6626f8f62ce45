#include "core/weights/model_folder.h"

#include <string>
#include <system_error>
#include <vector>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"

namespace ruyi {
namespace {

constexpr const char* kRequiredFiles[] = {
    "transformer/config.json",         "vae/config.json",
    "image_encoder/config.json",       "image_encoder/preprocessor_config.json",
    "scheduler/scheduler_config.json", "embeddings.safetensors",
};

std::vector<std::string> MissingFiles(const std::filesystem::path& root) {
  std::vector<std::string> missing;
  for (const char* file : kRequiredFiles) {
    std::error_code error;
    if (!std::filesystem::is_regular_file(root / file, error))
      missing.emplace_back(file);
  }
  return missing;
}

}  // namespace

absl::StatusOr<ModelFolder> ModelFolder::Open(const std::filesystem::path& root) {
  std::error_code error;
  if (!std::filesystem::is_directory(root, error)) {
    return absl::NotFoundError(
        absl::StrFormat("%s: no such folder; expected a model in the layout of Ruyi-Mini-7B", root.string()));
  }
  if (const std::vector<std::string> missing = MissingFiles(root); !missing.empty()) {
    return absl::NotFoundError(absl::StrFormat("%s: not a complete model in the layout of Ruyi-Mini-7B; missing: %s",
                                               root.string(), absl::StrJoin(missing, ", ")));
  }
  return ModelFolder{.transformer = root / "transformer",
                     .vae = root / "vae",
                     .image_encoder = root / "image_encoder",
                     .scheduler_config = root / "scheduler" / "scheduler_config.json",
                     .embeddings = root / "embeddings.safetensors"};
}

}  // namespace ruyi
