#include "core/plan/memory_mode.h"

#include "absl/strings/str_format.h"

namespace ruyi {

std::string NameOf(const MemoryMode& mode) {
  return absl::StrFormat("%d blocks, %d states%s%s", mode.resident_blocks, mode.resident_states,
                         mode.branches_in_turn ? ", branches in turn" : "",
                         mode.autoencoder_in_slabs ? ", autoencoder in slabs" : "");
}

}  // namespace ruyi
