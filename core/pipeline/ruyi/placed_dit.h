// Places the transformer on a device, in one memory mode after another. The parts that are not on the device stay in
// the host's memory, where they share the mapped file. Before it: ruyi_pipeline.h. After it: Dit. Not thread-safe:
// belongs to the thread that computes.
#pragma once

#include <optional>

#include "core/model/dit/dit.h"
#include "core/plan/memory_mode.h"

namespace ruyi {

class PlacedDit {
 public:
  // `source` must lie in the host's memory.
  PlacedDit(Dit source, const TensorPlacement& placement) : source_(std::move(source)), placement_(placement) {}

  // Places the transformer as `mode` says. When other blocks are to be resident, those on the device are removed first,
  // so that there are never two sets; copies of the Dit that was returned before must be gone. The first time it also
  // finds the fastest attention for the transformer (core/tensor/attention_backend.h). Throws c10::OutOfMemoryError,
  // and then nothing lies on the device. Blocks for the copies: seconds for all of 7 B parameters.
  const Dit& Place(const MemoryMode& mode);

  // Returns the mode that the transformer was placed in last; absent where it does not lie on the device.
  const std::optional<MemoryMode>& mode() const { return mode_; }

 private:
  Dit source_;
  TensorPlacement placement_;
  std::optional<Dit> placed_;
  std::optional<MemoryMode> mode_;
};

}  // namespace ruyi
