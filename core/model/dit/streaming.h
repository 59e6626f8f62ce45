// Keeps the parts of a transformer that do not lie on the device: matrices of blocks, which pass through a WeightRing,
// and states of skip connections. Before it: Dit::With. After it: core/memory. Copies of it share one ring and one
// store. Not thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "core/memory/state_stack.h"
#include "core/memory/weight_ring.h"
#include "core/model/dit/dit.h"

namespace ruyi {

class DitStreaming {
 public:
  // Everything lies on the device.
  DitStreaming() = default;

  // Returns the parameters of a block, wherever they lie, as they are to be stored.
  using BlockSource = std::function<Parameters(int64_t block)>;

  // Asks `source` for the blocks that are streamed, of `layers`, one after the other. They are spread evenly between
  // resident ones, so that their copies have time. Throws c10::OutOfMemoryError and what `source` throws.
  DitStreaming(const DitMemory& memory, const BlockSource& source, int64_t layers, c10::Device device);

  const DitMemory& memory() const { return memory_; }

  // Returns the same streamed blocks with another number of resident states.
  DitStreaming WithStates(int64_t resident_states, int64_t layers, c10::Device device) const;

  // Returns `parameters`, in which those of streamed blocks are replaced by their slots on the device.
  Parameters Placed(Parameters parameters) const;

  // Does the opposite of Placed: gives `placed` the parameters of streamed blocks as they lie in the host's memory.
  void RestoreSources(Parameters& placed) const;

  // Returns the store of states; null: all states stay on the device.
  StateStore* states() const { return states_.get(); }

 private:
  friend class BlockUse;

  DitMemory memory_;
  std::vector<int64_t> group_of_block_;  // in the ring; -1: resident
  std::shared_ptr<WeightRing> ring_;
  std::shared_ptr<StateStore> states_;
};

// Returns, for each number of resident blocks from none to all, the bytes of `parameters` on the device, the slots of
// the ring included.
std::vector<int64_t> DeviceBytesByResidentBlocks(const Parameters& parameters, int64_t layers);

// Returns, for each number of resident blocks from none to all, the bytes of the host's memory that the ring of the
// others takes.
std::vector<int64_t> RingBytesByResidentBlocks(const Parameters& parameters, int64_t layers, c10::Device device);

// Keeps the weights of a block on the device until it ends.
class BlockUse {
 public:
  // Throws c10::Error.
  BlockUse(const DitStreaming& streaming, int64_t block);
  BlockUse(const BlockUse&) = delete;
  BlockUse& operator=(const BlockUse&) = delete;

  // Ends the use where it has not ended, as when the block's work has thrown. An error of the device is left to the
  // next call that may throw.
  ~BlockUse();

  // Ends the use: all work that needs the weights has been given to the device. Throws c10::Error.
  void End();

 private:
  WeightRing* ring_ = nullptr;
  int64_t group_ = -1;
};

}  // namespace ruyi
