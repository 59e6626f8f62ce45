#include "core/pipeline/ruyi/placed_dit.h"

#include "core/tensor/attention_backend.h"

namespace ruyi {

const Dit& PlacedDit::Place(const MemoryMode& mode) {
  const DitMemory memory = {.resident_blocks = mode.resident_blocks, .resident_states = mode.resident_states};
  if (placed_.has_value() && placed_->settings().memory == memory)
    return *placed_;
  const bool same_blocks = placed_.has_value() && placed_->settings().memory.resident_blocks == memory.resident_blocks;
  if (!same_blocks) {
    placed_.reset();
    mode_.reset();
  }
  const DitConfig& config = source_.config();
  PreferFastestAttention(placement_.device,
                         {.heads = config.heads, .head_dim = config.head_dim, .dtype = placement_.dtype});
  DitSettings settings = source_.settings();
  settings.placement = placement_;
  settings.memory = memory;
  placed_ = (same_blocks ? *placed_ : source_).With(settings);
  mode_ = mode;
  return *placed_;
}

}  // namespace ruyi
