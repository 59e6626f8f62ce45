// A catalog of names without files; one of them may be broken. A value; thread-safe as long as nobody changes it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/request/lora_catalog.h"

namespace ruyi {

class FakeLoraCatalog final : public LoraCatalog {
 public:
  explicit FakeLoraCatalog(std::vector<std::string> names = {}, std::string broken = "")
      : names_(std::move(names)), broken_(std::move(broken)) {}

  std::vector<std::string> Names() const override { return names_; }

  static constexpr int64_t kBytes = 1 << 20;  // of each

  // The name in place of a digest.
  static std::string Sha256Of(const std::string& name) { return "sha256 of " + name; }

  absl::StatusOr<LoraFacts> Check(const std::string& name) const override {
    if (std::find(names_.begin(), names_.end(), name) == names_.end())
      return absl::NotFoundError("there is no such LoRA");
    if (name == broken_)
      return absl::InvalidArgumentError("tensor 'x' fits no layer");
    return LoraFacts{.device_bytes = kBytes, .sha256 = Sha256Of(name)};
  }

 private:
  const std::vector<std::string> names_;
  const std::string broken_;
};

}  // namespace ruyi
