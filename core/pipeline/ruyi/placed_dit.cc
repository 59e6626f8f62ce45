#include "core/pipeline/ruyi/placed_dit.h"

#include "core/quant/fp8.h"
#include "core/tensor/attention_backend.h"

namespace ruyi {

const Dit& PlacedDit::Place(const MemoryMode& mode, const Fp8Settings& wanted) {
  const Fp8Settings fp8 = wanted.mode == Fp8Mode::kNone ? Fp8Settings() : wanted;
  const DitMemory memory = {.resident_blocks = mode.resident_blocks, .resident_states = mode.resident_states};
  const bool same_weights = placed_.has_value() && fp8_ == fp8;
  if (same_weights && placed_->settings().memory == memory)
    return *placed_;
  const bool same_blocks = same_weights && placed_->settings().memory.resident_blocks == memory.resident_blocks;
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
  if (!same_blocks)
    settings.rule = Fp8Rule(fp8);
  placed_ = (same_blocks ? *placed_ : source_).With(settings);
  mode_ = mode;
  fp8_ = fp8;
  return *placed_;
}

}  // namespace ruyi
