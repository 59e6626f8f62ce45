#include "core/lora/lora_folder.h"

#include <ATen/ops/cat.h>

#include <algorithm>
#include <system_error>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "core/base/error_info.h"
#include "core/base/error_reasons.h"
#include "core/base/exception_guard.h"
#include "core/base/status_macros.h"
#include "core/json/json_file.h"

namespace ruyi {
namespace {

constexpr char kEnding[] = ".safetensors";
constexpr size_t kMostVerdicts = 1000;

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

// It was in order when the request was accepted.
absl::Status Changed(const std::string& name, const absl::Status& why) {
  return ErrorWithReason(
      absl::StatusCode::kFailedPrecondition,
      absl::StrFormat("the LoRA '%s' has changed since the request was accepted (%s); send the request again", name,
                      why.message()),
      reason::kLoraChanged);
}

}  // namespace

// Reading the folder may fail at each step, for which it ends there.
std::vector<std::string> LoraFolder::Names() const {
  std::vector<std::string> names;
  std::error_code error;
  std::filesystem::directory_iterator entry(folder_, error);
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    const std::filesystem::path file = entry->path().filename();
    std::error_code unreadable;
    if (file.extension() != kEnding || file.string().starts_with('.') || !entry->is_regular_file(unreadable))
      continue;
    if (IsUtf8(file.string())) {
      names.push_back(file.stem().string());
    } else {
      Skip(file.string(), "its name is not UTF-8");
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

void LoraFolder::Skip(const std::string& file_name, std::string_view why) const {
  {
    const absl::MutexLock lock(&mutex_);
    if (!on_skipped_ || !skipped_.insert(file_name).second)
      return;
  }
  on_skipped_(absl::CHexEscape(file_name), why);
}

// Finds only names that the folder lists, so a caller's path leads nowhere.
absl::StatusOr<std::filesystem::path> LoraFolder::Find(const std::string& name) const {
  const std::vector<std::string> names = Names();
  if (!std::binary_search(names.begin(), names.end(), name))
    return NoSuchLora(name, names);
  return folder_ / (name + kEnding);
}

// Messages go to callers, whom the server's paths do not concern.
absl::StatusOr<LoraFile> LoraFolder::Open(const std::filesystem::path& path) const {
  absl::StatusOr<LoraFile> file = LoraFile::Open(path);
  if (file.ok())
    return file;
  const std::string prefix = folder_.string() + "/";
  return absl::InvalidArgumentError(absl::StrReplaceAll(std::string(file.status().message()), {{prefix, ""}}));
}

absl::StatusOr<LoraFacts> LoraFolder::Examine(const std::filesystem::path& path) const {
  return GuardExceptions("checking a LoRA", [&]() -> absl::StatusOr<LoraFacts> {
    RUYI_ASSIGN_OR_RETURN(const LoraFile file, Open(path));
    RUYI_RETURN_IF_ERROR(file.Check(layers_));
    return LoraFacts{.device_bytes = file.parameters() * static_cast<int64_t>(sizeof(c10::BFloat16)),
                     .sha256 = file.sha256()};
  });
}

absl::StatusOr<LoraFacts> LoraFolder::Check(const std::string& name) const {
  RUYI_ASSIGN_OR_RETURN(const std::filesystem::path path, Find(name));
  const absl::StatusOr<FileState> state = StateOf(path);
  if (!state.ok())
    return NoSuchLora(name, Names());
  const bool is_settled = IsSettled(*state);
  {
    const absl::MutexLock lock(&mutex_);
    const auto known = verdicts_.find(path.string());
    if (is_settled && known != verdicts_.end() && known->second.state == *state)
      return known->second.facts;
  }
  absl::StatusOr<LoraFacts> facts = Examine(path);
  const absl::StatusOr<FileState> after = StateOf(path);
  if (is_settled && after.ok() && *after == *state) {
    const absl::MutexLock lock(&mutex_);
    if (verdicts_.size() >= kMostVerdicts)
      verdicts_.clear();  // files that have gone are among them
    verdicts_.insert_or_assign(path.string(), Verdict{.state = *state, .facts = facts});
  }
  return facts;
}

absl::StatusOr<LayerUpdates> LoraFolder::LoadOne(const LoraSettings& lora) const {
  RUYI_ASSIGN_OR_RETURN(const std::filesystem::path path, Find(lora.name));
  RUYI_ASSIGN_OR_RETURN(const LoraFile file, Open(path));
  if (!lora.sha256.empty() && file.sha256() != lora.sha256)
    return absl::FailedPreconditionError("its file holds something else");
  return file.Updates(layers_, lora.strength);
}

absl::StatusOr<LayerUpdates> LoraFolder::Load(const std::vector<LoraSettings>& loras) const {
  LayerUpdates all;
  for (const LoraSettings& lora : loras) {
    const absl::StatusOr<LayerUpdates> updates = LoadOne(lora);
    if (!updates.ok())
      return Changed(lora.name, updates.status());
    for (const auto& [layer, update] : *updates) {
      const auto [sum, is_new] = all.try_emplace(layer, update);
      if (!is_new)
        sum->second = {.up = at::cat({sum->second.up, update.up}, 1), .down = at::cat({sum->second.down, update.down})};
    }
  }
  return all;
}

}  // namespace ruyi
