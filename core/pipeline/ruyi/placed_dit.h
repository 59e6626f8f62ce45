// Places the transformer on a device, in one memory mode after another, with its weights as they were loaded or in 8
// bits. What is placed takes the place of what was placed before. The loaded parameters stay in the host's memory,
// where they share the mapped file. Before it: ruyi_pipeline.h. After it: Dit. Not thread-safe: belongs to the thread
// that computes.
#pragma once

#include <optional>

#include "core/model/dit/dit.h"
#include "core/plan/memory_mode.h"
#include "core/request/generation_request.h"

namespace ruyi {

class PlacedDit {
 public:
  // `source` must lie in the host's memory.
  PlacedDit(Dit source, const TensorPlacement& placement) : source_(std::move(source)), placement_(placement) {}

  // Places the transformer as `mode` says, its weights rounded as `fp8` says; without a mode they are as they were
  // loaded. When other blocks are to be resident, or weights to be stored otherwise, what lies on the device is removed
  // first, so that there are never two sets; copies of the Dit that was returned before must be gone. Weights are
  // rounded on the device, one by one. The first time it also finds the fastest attention for the transformer
  // (core/tensor/attention_backend.h). Throws c10::OutOfMemoryError, and then nothing lies on the device. Blocks for
  // the copies: seconds for all of 7 B parameters.
  const Dit& Place(const MemoryMode& mode, const Fp8Settings& fp8 = {});

  // Returns the mode that the transformer was placed in last; absent where it does not lie on the device.
  const std::optional<MemoryMode>& mode() const { return mode_; }

  // Returns how its weights were rounded then.
  const Fp8Settings& fp8() const { return fp8_; }

 private:
  Dit source_;
  TensorPlacement placement_;
  Fp8Settings fp8_;  // of placed_
  std::optional<Dit> placed_;
  std::optional<MemoryMode> mode_;
};

}  // namespace ruyi
