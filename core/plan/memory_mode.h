// What of a model lies on the device while a video is made. The rest lies in the host's memory and comes when it is
// needed: less memory, at most a little slower, the same numbers. Before it: core/plan/admission, which chooses.
// After it: core/pipeline. A value.
#pragma once

#include <limits>
#include <string>

namespace ruyi {

// By itself, all of it.
struct MemoryMode {
  // Of the transformer, whose matrices stay; those of the others pass by, block by block.
  int resident_blocks = std::numeric_limits<int>::max();
  int resident_states = std::numeric_limits<int>::max();  // of those that skip connections carry; at least 1
  bool branches_in_turn = false;  // guidance: each block sees the two branches one after the other, not as one batch
  friend bool operator==(const MemoryMode&, const MemoryMode&) = default;
};

// "20 blocks, 5 states, branches in turn"
std::string NameOf(const MemoryMode& mode);

}  // namespace ruyi
