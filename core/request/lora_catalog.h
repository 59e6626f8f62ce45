// Lists and checks the LoRAs that a request may name. Before it: the server's --lora-dir. After it:
// core/request/validate, GetCapabilities. Implemented by core/lora (and by tests/support/fake_lora_catalog.h).
// Implementations are thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace ruyi {

// Holds what a request's plan needs to know of a LoRA.
struct LoraFacts {
  int64_t device_bytes = 0;  // what the LoRA takes on the device
  std::string sha256;        // of the file, in 64 hexadecimal digits
  friend bool operator==(const LoraFacts&, const LoraFacts&) = default;
};

class LoraCatalog {
 public:
  virtual ~LoraCatalog() = default;

  // Returns all names, sorted, each in UTF-8. LoRAs that cannot be read are left out. Blocks on the disk.
  virtual std::vector<std::string> Names() const = 0;

  // Returns the facts of the LoRA `name`, if it can be laid over the loaded model. NOT_FOUND: there is none of that
  // name; the message lists the names that there are. INVALID_ARGUMENT: a tensor that fits no layer, has a wrong shape,
  // lacks its partner or is not finite, no tensor at all, or a damaged file; the message names the tensor. Blocks on
  // the disk, for as long as the file takes to be read.
  virtual absl::StatusOr<LoraFacts> Check(const std::string& name) const = 0;
};

}  // namespace ruyi
