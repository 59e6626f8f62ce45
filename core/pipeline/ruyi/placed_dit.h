// The transformer on a device, in one memory mode after another. What is not on the device stays in the host's memory,
// where it shares the mapped file. Before it: ruyi_pipeline.h. After it: Dit. Not thread-safe: the thread that
// computes.
#pragma once

#include <optional>

#include "core/model/dit/dit.h"
#include "core/plan/memory_mode.h"

namespace ruyi {

class PlacedDit {
 public:
  // `source` lies in the host's memory.
  PlacedDit(Dit source, const Placement& placement) : source_(std::move(source)), placement_(placement) {}

  // The transformer as `mode` says. When other blocks are to be resident, those that are there are removed first, so
  // that there are never two; copies made of them must be gone. Throws c10::OutOfMemoryError, and then nothing lies
  // there. Blocks for the copies: seconds for all of 7 B parameters.
  const Dit& Place(const MemoryMode& mode);

 private:
  Dit source_;
  Placement placement_;
  std::optional<Dit> placed_;
};

}  // namespace ruyi
