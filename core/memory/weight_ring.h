// Streams weights that are too many for the device: groups of tensors lie in the host's memory and pass through a few
// slots of the device's memory, each copied while the groups before it are in use. Before it: core/model/dit, which
// uses the groups in their order, over and over. Owns both memories. Not thread-safe: belongs to the thread that
// computes.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/memory/copy_stream.h"
#include "core/weights/weight_store.h"

namespace ruyi {

class WeightRing {
 public:
  // Returns the tensors of a group, wherever they lie.
  using Source = std::function<Parameters(int64_t group)>;

  // Takes `groups` groups from `source`, one after the other, copies each into host memory of its own before it takes
  // the next, and makes `slots` slots on `device`, each for the largest group. Throws c10::OutOfMemoryError and what
  // `source` throws.
  WeightRing(int64_t groups, const Source& source, c10::Device device, int slots);

  int64_t groups() const { return static_cast<int64_t>(host_.size()); }

  // Returns the tensors of a group on the device. They hold the group's weights only between Acquire and Release.
  const Parameters& OnDevice(int64_t group) const { return views_[group]; }

  // Returns the tensors of a group in the host's memory, which the ring owns. They hold the group's weights always.
  const Parameters& OnHost(int64_t group) const { return host_views_[group]; }

  // Makes the group usable for the work that the device is given from now on. Copies the group unless that has been
  // done ahead.
  void Acquire(int64_t group);

  // Says that no later work of the device uses the group; its slot goes to the next group that needs one. The ring is
  // of no more use after an error, nor is the device.
  void Release(int64_t group);
  void ReleaseNoThrow(int64_t group) noexcept;

  // Returns the bytes of all slots on the device.
  int64_t device_bytes() const { return static_cast<int64_t>(slots_.size()) * slot_bytes_; }

  // Returns the bytes that a group takes in a slot.
  static int64_t SlotBytesOf(const Parameters& group);

  // Returns the bytes of the host's memory that a ring of groups takes, whose slots take `slot_bytes`, in their order.
  static int64_t HostBytesOf(const std::vector<int64_t>& slot_bytes, c10::Device device);

 private:
  struct Slot {
    explicit Slot(c10::Device device) : copied(device), released(device) {}
    at::Tensor bytes;
    int64_t group = -1;  // the group that was copied into this slot last
    Fence copied;
    Fence released;
  };

  void PackIntoHostMemory(int64_t groups, const Source& source);
  Slot& SlotOf(int64_t group) { return slots_[group % static_cast<int64_t>(slots_.size())]; }
  void Load(int64_t group);

  int64_t slot_bytes_ = 0;
  std::vector<at::Tensor> host_;        // by group: its tensors, one after the other
  std::vector<Parameters> host_views_;  // by group: into those
  std::vector<Slot> slots_;
  std::vector<Parameters> views_;  // by group: into its slot
  CopyStream copies_;              // the last member: it waits for copies before the memory goes
};

}  // namespace ruyi
