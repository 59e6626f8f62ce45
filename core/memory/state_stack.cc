#include "core/memory/state_stack.h"

#include <ATen/core/TensorBody.h>
#include <ATen/ops/empty_like.h>

#include <algorithm>
#include <utility>

#include "core/memory/pinned_memory.h"

namespace ruyi {

at::Tensor StateStore::Host(size_t index, const at::Tensor& like) {
  if (index >= host_.size())
    host_.resize(index + 1);
  if (index == 0 && host_[0].defined() && host_[0].nbytes() != like.nbytes())
    Forget();
  at::Tensor& host = host_[index];
  if (!host.defined() || host.sizes() != like.sizes() || host.scalar_type() != like.scalar_type())
    host = EmptyOnHost(like.sizes(), like.scalar_type(), copies_.device());
  return host;
}

// A pass begins whose states have another size. It has no use for this memory, which would stay pinned beside its own.
void StateStore::Forget() {
  copies_.Await();
  std::fill(host_.begin(), host_.end(), at::Tensor());
  ReleaseKeptHostMemory(copies_.device());
}

StateStack::~StateStack() {
  if (store_ != nullptr)
    store_->copies_.JoinNoThrow();
}

void StateStack::Push(at::Tensor state) {
  entries_.push_back({.on_device = std::move(state), .arrived = nullptr});
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
  copies.Copy(store_->Host(index, entry.on_device), entry.on_device, computed, *entry.arrived);
  leaving_ = std::exchange(entry.on_device, at::Tensor());
}

// The copies of one stream run in their order: it has left the device before it comes back.
void StateStack::Fetch(size_t index) {
  CopyStream& copies = store_->copies_;
  Entry& entry = entries_[index];
  entry.on_device = at::empty_like(store_->host_[index], at::TensorOptions(copies.device()).pinned_memory(false));
  Fence allocated(copies.device());
  allocated.Record(copies.compute());
  copies.Copy(entry.on_device, store_->host_[index], allocated, *entry.arrived);
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
