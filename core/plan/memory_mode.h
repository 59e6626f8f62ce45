// Says which part of a model, and of what it computes with, lies on the device at once while a video is made. The rest
// lies in the host's memory and is copied when it is needed, or is computed when it is its turn. That takes less of the
// device's memory, is at most a little slower, and gives the same numbers; where a library chooses another algorithm
// for a smaller slab, the same but for the rounding. Before it: core/plan/admission, which chooses. After it:
// core/pipeline. A value.
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
  bool autoencoder_in_slabs = false;  // pictures are encoded and decoded some rows at a time (core/model/vae/slabs.h)
  friend bool operator==(const MemoryMode&, const MemoryMode&) = default;
};

// Returns a name for people: "20 blocks, 5 states, branches in turn, autoencoder in slabs".
std::string NameOf(const MemoryMode& mode);

}  // namespace ruyi
