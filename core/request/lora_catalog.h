// The LoRAs that a request may name. Before it: the server's --lora-dir. After it: core/request/validate,
// GetCapabilities. Implemented by core/lora (and by tests/support/fake_lora_catalog.h). Implementations are
// thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace ruyi {

class LoraCatalog {
 public:
  virtual ~LoraCatalog() = default;

  // Sorted. What cannot be read is left out. Blocks on the disk.
  virtual std::vector<std::string> Names() const = 0;

  // The bytes that `name` takes on the device, if it can be laid over the loaded model. NOT_FOUND: there is none of
  // that name; the message lists those there are. INVALID_ARGUMENT: a tensor that fits no layer, has a wrong shape or
  // lacks its partner, or a damaged file; the message names the tensor. Blocks on the disk.
  virtual absl::StatusOr<int64_t> Check(const std::string& name) const = 0;
};

}  // namespace ruyi
