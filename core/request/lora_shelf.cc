#include "core/request/lora_shelf.h"

#include <algorithm>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"

namespace ruyi {

bool LoraShelf::IsOff(const std::string& name) const {
  absl::MutexLock lock(&mutex_);
  return off_.count(name) > 0;
}

std::vector<std::string> LoraShelf::Names() const {
  std::vector<std::string> names = all_->Names();
  std::erase_if(names, [this](const std::string& name) { return IsOff(name); });
  return names;
}

absl::StatusOr<LoraFacts> LoraShelf::Check(const std::string& name) const {
  if (IsOff(name))
    return absl::NotFoundError(
        absl::StrFormat("an administrator has unloaded the LoRA '%s'; use one that GetCapabilities lists", name));
  return all_->Check(name);
}

absl::StatusOr<LoraFacts> LoraShelf::PutBack(const std::string& name) {
  absl::StatusOr<LoraFacts> facts = all_->Check(name);
  if (!facts.ok())
    return facts;
  absl::MutexLock lock(&mutex_);
  off_.erase(name);
  return facts;
}

absl::Status LoraShelf::TakeOff(const std::string& name) {
  const std::vector<std::string> names = all_->Names();
  if (std::find(names.begin(), names.end(), name) == names.end())
    return absl::NotFoundError(absl::StrFormat("there is no LoRA '%s'; this server has %s", name,
                                               names.empty() ? "none" : absl::StrJoin(names, ", ")));
  absl::MutexLock lock(&mutex_);
  off_.insert(name);
  return absl::OkStatus();
}

}  // namespace ruyi
