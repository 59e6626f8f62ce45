#include "core/model/dit/streaming.h"

#include <ATen/core/TensorBody.h>

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_format.h"

namespace ruyi {
namespace {

constexpr int kSlots = 2;

// Returns `count` of `layers`, evenly spread.
std::vector<int64_t> Spread(int64_t count, int64_t layers) {
  std::vector<int64_t> chosen;
  for (int64_t i = 0; i < layers; ++i) {
    if ((i + 1) * count / layers > i * count / layers)
      chosen.push_back(i);
  }
  return chosen;
}

// The matrices of a block; its vectors are small, and TeaCache needs those of the first block at any time.
Parameters MatricesOf(int64_t block, const Parameters& parameters) {
  const std::string prefix = absl::StrFormat("blocks.%d.", block);
  Parameters matrices;
  for (auto it = parameters.lower_bound(prefix); it != parameters.end() && absl::StartsWith(it->first, prefix); ++it) {
    if (it->second.dim() > 1)
      matrices.insert(*it);
  }
  return matrices;
}

// Returns null when all states of `layers` blocks may stay on the device.
std::shared_ptr<StateStore> MakeStore(int64_t resident_states, int64_t layers, c10::Device device) {
  const int64_t states = layers / 2 - 1;
  return resident_states <= states ? std::make_shared<StateStore>(device, states, resident_states) : nullptr;
}

}  // namespace

std::vector<int64_t> DeviceBytesByResidentBlocks(const Parameters& parameters, int64_t layers) {
  std::vector<int64_t> bytes;
  const int64_t all = BytesOf(parameters);
  for (int64_t resident = 0; resident <= layers; ++resident) {
    int64_t streamed = 0;
    int64_t slot = 0;
    for (const int64_t block : Spread(layers - resident, layers)) {
      const Parameters matrices = MatricesOf(block, parameters);
      streamed += BytesOf(matrices);
      slot = std::max(slot, WeightRing::SlotBytesOf(matrices));
    }
    bytes.push_back(all - streamed + kSlots * slot);
  }
  return bytes;
}

std::vector<int64_t> RingBytesByResidentBlocks(const Parameters& parameters, int64_t layers, c10::Device device) {
  std::vector<int64_t> bytes;
  for (int64_t resident = 0; resident <= layers; ++resident) {
    std::vector<int64_t> slots;
    for (const int64_t block : Spread(layers - resident, layers))
      slots.push_back(WeightRing::SlotBytesOf(MatricesOf(block, parameters)));
    bytes.push_back(WeightRing::HostBytesOf(slots, device));
  }
  return bytes;
}

DitStreaming::DitStreaming(const DitMemory& memory, const BlockSource& source, int64_t layers, c10::Device device)
    : memory_(memory), group_of_block_(layers, -1) {
  const std::vector<int64_t> streamed = Spread(std::max<int64_t>(0, layers - memory.resident_blocks), layers);
  const auto group = [&](int64_t i) { return MatricesOf(streamed[i], source(streamed[i])); };
  const auto groups = static_cast<int64_t>(streamed.size());
  for (int64_t i = 0; i < groups; ++i)
    group_of_block_[streamed[i]] = i;
  if (groups > 0)
    ring_ = std::make_shared<WeightRing>(groups, group, device, kSlots);
  states_ = MakeStore(memory.resident_states, layers, device);
}

DitStreaming DitStreaming::WithStates(int64_t resident_states, int64_t layers, c10::Device device) const {
  DitStreaming streaming = *this;
  if (resident_states == memory_.resident_states)
    return streaming;
  streaming.memory_.resident_states = resident_states;
  streaming.states_ = MakeStore(resident_states, layers, device);
  return streaming;
}

Parameters DitStreaming::Placed(Parameters parameters) const {
  for (int64_t group = 0; ring_ != nullptr && group < ring_->groups(); ++group) {
    for (const auto& [name, on_device] : ring_->OnDevice(group))
      parameters[name] = on_device;
  }
  return parameters;
}

void DitStreaming::RestoreSources(Parameters& placed) const {
  for (int64_t group = 0; ring_ != nullptr && group < ring_->groups(); ++group) {
    for (const auto& [name, on_host] : ring_->OnHost(group))
      placed[name] = on_host;
  }
}

BlockUse::BlockUse(const DitStreaming& streaming, int64_t block) {
  if (streaming.ring_ == nullptr || streaming.group_of_block_[block] < 0)
    return;
  ring_ = streaming.ring_.get();
  group_ = streaming.group_of_block_[block];
  ring_->Acquire(group_);
}

BlockUse::~BlockUse() {
  if (ring_ != nullptr)
    ring_->ReleaseNoThrow(group_);
}

void BlockUse::End() {
  if (WeightRing* const ring = std::exchange(ring_, nullptr); ring != nullptr)
    ring->Release(group_);
}

}  // namespace ruyi
