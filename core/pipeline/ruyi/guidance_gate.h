// Guides the predictions of a video, and after a share of its steps leaves the branch without the condition out: from
// then on the difference of the branches is that of the last step with both. Before it: the transformer. After it: the
// sampler. One per run; not thread-safe.
//
// It equals the CFG-Cache of FasterCache (Lv et al. 2025) with its two weights at 1, so that low and high frequencies
// are treated alike, and with a difference that is never computed again. The Adaptive Guidance of Castillo et al. 2023
// drops the difference too, so that guidance ends, and chooses the step by the likeness of the branches.
#pragma once

#include <ATen/core/Tensor.h>

#include "absl/status/status.h"
#include "core/plan/video_spec.h"
#include "core/tensor/tensor_state.h"

namespace ruyi {

class GuidanceGate {
 public:
  // Guides the `calls` calls of the transformer for `spec`. A spec without a gate has one that never closes.
  GuidanceGate(const VideoSpec& spec, int calls);

  // Returns true when only the branch with the condition is needed in that call, counted from 0.
  bool IsClosedAt(int call) const { return call >= closes_at_; }

  // Combines the predictions of that call, [branches, ...], the one with the condition last → [1, ...]. Calls come in
  // order. A closed gate looks at the last branch alone.
  at::Tensor Guide(const at::Tensor& predictions, int call);

  // Returns what the gate remembers after `calls` calls.
  TensorState Save(int calls) const;

  // Goes on where a gate of the same spec was saved after `calls` calls. The difference has the type, shape and device
  // of `like`. FAILED_PRECONDITION: the state is not that of such a gate.
  absl::Status Restore(const TensorState& state, int calls, const at::Tensor& like);

 private:
  const double scale_;
  const double rescale_;
  const int closes_at_;  // a call
  const bool closes_;    // before the last call
  at::Tensor difference_;
};

}  // namespace ruyi
