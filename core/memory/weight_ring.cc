#include "core/memory/weight_ring.h"

#include <ATen/core/TensorBody.h>
#include <ATen/ops/empty.h>

#include <algorithm>

#include "core/base/exception_guard.h"

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

// Gives host memory for groups one after the other, in pieces of a power of two, which is what EmptyOnHost takes.
class HostSlabs {
 public:
  explicit HostSlabs(c10::Device device) : device_(device) {}

  at::Tensor Take(int64_t bytes) {
    if (!slab_.defined() || taken_ + bytes > slab_.numel()) {
      slab_ = EmptyOnHost({std::max(bytes, kSlabBytes)}, at::kByte, device_);
      taken_ = 0;
    }
    taken_ += bytes;
    return slab_.narrow(0, taken_ - bytes, bytes);
  }

 private:
  static constexpr int64_t kSlabBytes = int64_t{1} << 30;

  c10::Device device_;
  at::Tensor slab_;
  int64_t taken_ = 0;
};

}  // namespace

int64_t WeightRing::SlotBytesOf(const Parameters& group) {
  int64_t bytes = 0;
  for (const auto& [name, tensor] : group)
    bytes += AlignedBytes(tensor);
  return bytes;
}

// Small groups on a CPU are not worth a slab.
void WeightRing::PackIntoHostMemory(const std::vector<Parameters>& groups) {
  HostSlabs slabs(copies_.device());
  for (const Parameters& group : groups) {
    const int64_t size = SlotBytesOf(group);
    host_.push_back(copies_.device().is_cpu() ? EmptyOnHost({size}, at::kByte, copies_.device()) : slabs.Take(size));
    for (const auto& [name, view] : ViewsInto(host_.back(), group))
      view.copy_(group.find(name)->second);
  }
}

WeightRing::WeightRing(const std::vector<Parameters>& groups, c10::Device device, int slots) : copies_(device) {
  PackIntoHostMemory(groups);
  for (const Parameters& group : groups)
    slot_bytes_ = std::max(slot_bytes_, SlotBytesOf(group));
  for (int i = 0; i < slots; ++i) {
    slots_.emplace_back(device).bytes = at::empty({slot_bytes_}, at::TensorOptions(device).dtype(at::kByte));
    slots_.back().released.Record(copies_.compute());  // what used this memory before
  }
  for (size_t i = 0; i < groups.size(); ++i)
    views_.push_back(ViewsInto(SlotOf(static_cast<int64_t>(i)).bytes, groups[i]));
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
