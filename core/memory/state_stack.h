// Keeps tensors that are used again in the opposite order of their making: the states that skip connections carry from
// the first half of the transformer to the second. The newest few stay on the device; older ones wait in the host's
// memory and come back while the blocks before them compute. Before it and after it: core/model/dit. Each pass has its
// own. Not thread-safe: belongs to the thread that computes.
#pragma once

#include <ATen/core/Tensor.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

#include "core/memory/copy_stream.h"

namespace ruyi {

// Holds the host memory and the copy stream of such stacks, from pass to pass.
class StateStore {
 public:
  // Keeps `resident`, at least 1, of the `states` that a pass pushes at most on the device.
  StateStore(c10::Device device, int64_t states, int64_t resident)
      : states_(states), resident_(std::max<int64_t>(1, resident)), copies_(device) {}

 private:
  friend class StateStack;
  at::Tensor Host(size_t index, const at::Tensor& like, int64_t tensors_per_state);
  void AddSlab(int64_t pieces, int64_t piece_bytes);
  void Forget();

  const int64_t states_;
  const int64_t resident_;
  std::vector<at::Tensor> host_;  // by the place in the stack: its bytes, in a slab with others
  CopyStream copies_;             // the last member: it waits for copies before the memory goes
};

class StateStack {
 public:
  // Without a store, all tensors stay on the device. `tensors_per_state`: how many tensors are pushed for each state.
  explicit StateStack(StateStore* store, int64_t tensors_per_state = 1)
      : store_(store),
        tensors_per_state_(tensors_per_state),
        resident_(store == nullptr ? 0 : store->resident_ * tensors_per_state) {}
  StateStack(const StateStack&) = delete;
  StateStack& operator=(const StateStack&) = delete;

  // Tensors that are left go once they have been copied.
  ~StateStack();

  void Push(at::Tensor state);

  // Returns the newest tensor, which leaves the stack. There must be one.
  at::Tensor Pop();

 private:
  struct Entry {
    at::Tensor on_device;  // undefined while the tensor waits in the host's memory
    at::Tensor on_host;    // undefined until it has waited there
    std::unique_ptr<Fence> arrived;
  };

  void Offload(size_t index);
  void Fetch(size_t index);
  void LetGo();

  StateStore* store_;
  const int64_t tensors_per_state_;
  const int64_t resident_;  // tensors
  std::vector<Entry> entries_;
  at::Tensor leaving_;  // the one that was offloaded last
};

}  // namespace ruyi
