#include "core/plan/memory_mode.h"

#include "absl/strings/str_format.h"

namespace ruyi {

std::string NameOf(const MemoryMode& mode) {
  return absl::StrFormat("%d blocks, %d states%s", mode.resident_blocks, mode.resident_states,
                         mode.branches_in_turn ? ", branches in turn" : "");
}

}  // namespace ruyi
