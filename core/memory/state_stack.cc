#include "core/memory/state_stack.h"

#include <ATen/core/TensorBody.h>
#include <ATen/ops/empty_like.h>

#include <algorithm>
#include <utility>

#include "core/base/power_slabs.h"
#include "core/memory/pinned_memory.h"

namespace ruyi {

at::Tensor StateStore::Host(size_t index, const at::Tensor& like, int64_t tensors_per_state) {
  const auto bytes = static_cast<int64_t>(like.nbytes());
  const int64_t all = (states_ - resident_) * tensors_per_state;
  const auto there = static_cast<int64_t>(host_.size());
  if (index == 0 && there > 0 && (host_[0].numel() != bytes || there < all))
    Forget();
  if (index >= host_.size())
    AddSlab(std::max<int64_t>(1, all - static_cast<int64_t>(index)), bytes);
  at::Tensor& host = host_[index];
  if (host.numel() != bytes)
    host = EmptyOnHost({bytes}, at::kByte, copies_.device());
  return host.view(like.scalar_type()).view(like.sizes());
}

// Takes memory for the next of so many tensors that are still to come.
void StateStore::AddSlab(int64_t pieces, int64_t piece_bytes) {
  const PowerSlab slab = copies_.device().is_cpu() ? PowerSlab{.pieces = pieces, .bytes = pieces * piece_bytes}
                                                   : FirstSlabOf(pieces, piece_bytes);
  const at::Tensor memory = EmptyOnHost({slab.bytes}, at::kByte, copies_.device());
  for (int64_t i = 0; i < slab.pieces; ++i)
    host_.push_back(memory.narrow(0, i * piece_bytes, piece_bytes));
}

// A pass begins whose states have another size, or are more. It has no use for this memory, which would stay pinned
// beside its own; more of them fill larger slabs.
void StateStore::Forget() {
  copies_.Await();
  host_.clear();
  ReleaseKeptHostMemory(copies_.device());
}

StateStack::~StateStack() {
  if (store_ != nullptr)
    store_->copies_.JoinNoThrow();
}

void StateStack::Push(at::Tensor state) {
  entries_.push_back({.on_device = std::move(state), .on_host = {}, .arrived = nullptr});
  if (store_ != nullptr && static_cast<int64_t>(entries_.size()) > resident_)
    Offload(entries_.size() - 1 - resident_);
}

// Frees the tensor that was offloaded last. Its memory is used again by work of the device that comes after the copy,
// which has had the time of a block.
void StateStack::LetGo() {
  if (!leaving_.defined())
    return;
  store_->copies_.Join();
  leaving_ = at::Tensor();
}

void StateStack::Offload(size_t index) {
  LetGo();
  CopyStream& copies = store_->copies_;
  Entry& entry = entries_[index];
  Fence computed(copies.device());
  computed.Record(copies.compute());
  entry.arrived = std::make_unique<Fence>(copies.device());
  entry.on_host = store_->Host(index, entry.on_device, tensors_per_state_);
  copies.Copy(entry.on_host, entry.on_device, computed, *entry.arrived);
  leaving_ = std::exchange(entry.on_device, at::Tensor());
}

// The copies of one stream run in their order: it has left the device before it comes back.
void StateStack::Fetch(size_t index) {
  CopyStream& copies = store_->copies_;
  Entry& entry = entries_[index];
  entry.on_device = at::empty_like(entry.on_host, at::TensorOptions(copies.device()).pinned_memory(false));
  Fence allocated(copies.device());
  allocated.Record(copies.compute());
  copies.Copy(entry.on_device, entry.on_host, allocated, *entry.arrived);
}

at::Tensor StateStack::Pop() {
  LetGo();
  Entry entry = std::move(entries_.back());
  entries_.pop_back();
  if (entry.arrived != nullptr)
    entry.arrived->Block(store_->copies_.compute());
  // The newest that is still away takes the place of the one that leaves.
  for (size_t i = entries_.size(); i-- > 0;) {
    if (entries_[i].on_device.defined())
      continue;
    Fetch(i);
    break;
  }
  return std::move(entry.on_device);
}

}  // namespace ruyi
