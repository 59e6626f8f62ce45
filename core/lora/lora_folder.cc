#include "core/lora/lora_folder.h"

#include <ATen/ops/cat.h>

#include <algorithm>
#include <system_error>
#include <utility>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "core/base/status_macros.h"

namespace ruyi {
namespace {

constexpr char kEnding[] = ".safetensors";

absl::Status NoSuchLora(const std::string& name, const std::vector<std::string>& names) {
  constexpr size_t kShown = 8;
  if (names.empty())
    return absl::NotFoundError(absl::StrFormat("there is no LoRA '%s'; this server has none", name));
  const auto shown_end = names.begin() + std::min(kShown, names.size());
  const std::string shown = absl::StrJoin(names.begin(), shown_end, ", ");
  const std::string rest =
      names.size() > kShown ? absl::StrFormat(" and %d more that GetCapabilities lists", names.size() - kShown) : "";
  return absl::NotFoundError(absl::StrFormat("there is no LoRA '%s'; use one of %s%s", name, shown, rest));
}

}  // namespace

std::vector<std::string> LoraFolder::Names() const {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder_, error)) {
    if (entry.path().extension() == kEnding && entry.is_regular_file(error))
      names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

// Only a name that the folder lists is looked for: a caller's path leads nowhere. Messages go to callers, whom the
// server's paths do not concern.
absl::StatusOr<LoraFile> LoraFolder::Open(const std::string& name) const {
  const std::vector<std::string> names = Names();
  if (!std::binary_search(names.begin(), names.end(), name))
    return NoSuchLora(name, names);
  absl::StatusOr<LoraFile> file = LoraFile::Open(folder_ / (name + kEnding));
  if (file.ok())
    return file;
  const std::string prefix = folder_.string() + "/";
  return absl::InvalidArgumentError(absl::StrReplaceAll(std::string(file.status().message()), {{prefix, ""}}));
}

absl::StatusOr<int64_t> LoraFolder::Check(const std::string& name) const {
  RUYI_ASSIGN_OR_RETURN(const LoraFile file, Open(name));
  RUYI_RETURN_IF_ERROR(file.Check(layers_));
  return file.parameters() * static_cast<int64_t>(sizeof(c10::BFloat16));
}

absl::StatusOr<LayerUpdates> LoraFolder::Load(const std::vector<LoraSettings>& loras) const {
  LayerUpdates all;
  for (const LoraSettings& lora : loras) {
    RUYI_ASSIGN_OR_RETURN(const LoraFile file, Open(lora.name));
    RUYI_ASSIGN_OR_RETURN(const LayerUpdates updates, file.Updates(layers_, lora.strength));
    for (const auto& [layer, update] : updates) {
      const auto [sum, is_new] = all.try_emplace(layer, update);
      if (!is_new)
        sum->second = {.up = at::cat({sum->second.up, update.up}, 1), .down = at::cat({sum->second.down, update.down})};
    }
  }
  return all;
}

}  // namespace ruyi
