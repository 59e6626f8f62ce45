#include "core/memory/weight_ring.h"

#include <ATen/core/TensorBody.h>
#include <ATen/ops/empty.h>

#include <algorithm>
#include <utility>

#include "core/base/exception_guard.h"
#include "core/memory/pinned_memory.h"

namespace ruyi {
namespace {

constexpr int64_t kAlignment = 256;  // bytes: what kernels like best

int64_t AlignedBytes(const at::Tensor& tensor) {
  return (static_cast<int64_t>(tensor.nbytes()) + kAlignment - 1) / kAlignment * kAlignment;
}

// Returns tensors like those of `group`, one after the other in `bytes`.
Parameters ViewsInto(const at::Tensor& bytes, const Parameters& group) {
  Parameters views;
  int64_t offset = 0;
  for (const auto& [name, tensor] : group) {
    const at::Tensor own = bytes.narrow(0, offset, static_cast<int64_t>(tensor.nbytes()));
    views[name] = own.view(tensor.scalar_type()).view(tensor.sizes());
    offset += AlignedBytes(tensor);
  }
  return views;
}

// Says where groups lie in slabs, one after the other. Small groups on a CPU are not worth a slab: each has its own.
class SlabPlaces {
 public:
  explicit SlabPlaces(c10::Device device) : least_bytes_(device.is_cpu() ? 0 : int64_t{1} << 30) {}

  // Returns true when the next group needs a new slab, whose size is then slab_bytes().
  bool NeedsSlab(int64_t bytes) {
    const bool is_full = slab_bytes_ == 0 || taken_ + bytes > slab_bytes_;
    if (is_full) {
      slab_bytes_ = std::max(bytes, least_bytes_);
      taken_ = 0;
    }
    return is_full;
  }

  // Returns where the group begins.
  int64_t Take(int64_t bytes) { return std::exchange(taken_, taken_ + bytes); }

  int64_t slab_bytes() const { return slab_bytes_; }

 private:
  const int64_t least_bytes_;
  int64_t slab_bytes_ = 0;
  int64_t taken_ = 0;
};

// Gives host memory for groups one after the other, in pieces of a power of two, which is what EmptyOnHost takes.
class HostSlabs {
 public:
  explicit HostSlabs(c10::Device device) : device_(device), places_(device) {}

  at::Tensor Take(int64_t bytes) {
    if (places_.NeedsSlab(bytes))
      slab_ = EmptyOnHost({places_.slab_bytes()}, at::kByte, device_);
    return slab_.narrow(0, places_.Take(bytes), bytes);
  }

 private:
  c10::Device device_;
  SlabPlaces places_;
  at::Tensor slab_;
};

}  // namespace

int64_t WeightRing::SlotBytesOf(const Parameters& group) {
  int64_t bytes = 0;
  for (const auto& [name, tensor] : group)
    bytes += AlignedBytes(tensor);
  return bytes;
}

int64_t WeightRing::HostBytesOf(const std::vector<int64_t>& slot_bytes, c10::Device device) {
  SlabPlaces places(device);
  int64_t bytes = 0;
  for (const int64_t group : slot_bytes) {
    if (places.NeedsSlab(group))
      bytes += BytesOnHost(places.slab_bytes(), device);
    places.Take(group);
  }
  return bytes;
}

void WeightRing::PackIntoHostMemory(int64_t groups, const Source& source) {
  HostSlabs slabs(copies_.device());
  for (int64_t i = 0; i < groups; ++i) {
    const Parameters group = source(i);
    const int64_t size = SlotBytesOf(group);
    slot_bytes_ = std::max(slot_bytes_, size);
    host_.push_back(slabs.Take(size));
    host_views_.push_back(ViewsInto(host_.back(), group));
    for (const auto& [name, view] : host_views_.back())
      view.copy_(group.find(name)->second);
  }
}

WeightRing::WeightRing(int64_t groups, const Source& source, c10::Device device, int slots) : copies_(device) {
  PackIntoHostMemory(groups, source);
  for (int i = 0; i < slots; ++i) {
    slots_.emplace_back(device).bytes = at::empty({slot_bytes_}, at::TensorOptions(device).dtype(at::kByte));
    slots_.back().released.Record(copies_.compute());  // what used this memory before
  }
  for (int64_t i = 0; i < groups; ++i)
    views_.push_back(ViewsInto(SlotOf(i).bytes, host_views_[i]));
}

void WeightRing::Load(int64_t group) {
  Slot& slot = SlotOf(group);
  if (slot.group == group)
    return;
  const at::Tensor& host = host_[group];
  slot.group = -1;  // while it is neither
  copies_.Copy(slot.bytes.narrow(0, 0, host.numel()), host, slot.released, slot.copied);
  slot.group = group;
}

void WeightRing::Acquire(int64_t group) {
  Load(group);
  SlotOf(group).copied.Block(copies_.compute());
}

void WeightRing::Release(int64_t group) {
  SlotOf(group).released.Record(copies_.compute());
  const int64_t next = (group + static_cast<int64_t>(slots_.size())) % groups();
  if (&SlotOf(next) == &SlotOf(group))
    Load(next);
}

void WeightRing::ReleaseNoThrow(int64_t group) noexcept {
  GuardExceptions("releasing weights", [&] { Release(group); }).IgnoreError();
}

}  // namespace ruyi
