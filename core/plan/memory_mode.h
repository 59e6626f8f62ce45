// Says which part of a model lies on the device while a video is made. The rest lies in the host's memory and is copied
// when it is needed. That takes less of the device's memory, is at most a little slower, and gives the same numbers.
// Before it: core/plan/admission, which chooses. After it: core/pipeline. A value.
#pragma once

#include <limits>
#include <string>

namespace ruyi {

// A default mode keeps the whole model on the device.
struct MemoryMode {
  // How many blocks of the transformer keep their matrices on the device; those of the other blocks are streamed, block
  // by block.
  int resident_blocks = std::numeric_limits<int>::max();
  int resident_states = std::numeric_limits<int>::max();  // states of skip connections that stay; at least 1
  bool branches_in_turn = false;  // guidance: each block sees the two branches one after the other, not as one batch
  friend bool operator==(const MemoryMode&, const MemoryMode&) = default;
};

// Returns a name for people: "20 blocks, 5 states, branches in turn".
std::string NameOf(const MemoryMode& mode);

}  // namespace ruyi
