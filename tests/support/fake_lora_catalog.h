// A catalog of names without files; one of them may be broken. A value; thread-safe as long as nobody changes it.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "core/request/lora_catalog.h"

namespace ruyi {

class FakeLoraCatalog final : public LoraCatalog {
 public:
  explicit FakeLoraCatalog(std::vector<std::string> names = {}, std::string broken = "")
      : names_(std::move(names)), broken_(std::move(broken)) {}

  std::vector<std::string> Names() const override { return names_; }

  absl::Status Check(const std::string& name) const override {
    if (std::find(names_.begin(), names_.end(), name) == names_.end())
      return absl::NotFoundError("there is no such LoRA");
    return name == broken_ ? absl::InvalidArgumentError("tensor 'x' fits no layer") : absl::OkStatus();
  }

 private:
  const std::vector<std::string> names_;
  const std::string broken_;
};

}  // namespace ruyi
