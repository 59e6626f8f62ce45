#include "core/pipeline/ruyi/guidance_gate.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/TensorBody.h>

#include "core/base/status_macros.h"
#include "core/pipeline/ruyi/guidance.h"
#include "core/plan/branches.h"

namespace ruyi {

GuidanceGate::GuidanceGate(const VideoSpec& spec, int calls)
    : scale_(spec.guidance_scale),
      rescale_(spec.guidance_rescale),
      closes_at_(CallsBeforeGate(spec, calls)),
      closes_(closes_at_ < calls) {}

at::Tensor GuidanceGate::Guide(const at::Tensor& predictions, int call) {
  if (IsClosedAt(call))
    return GuideBy(difference_, predictions.narrow(0, predictions.size(0) - 1, 1), scale_, rescale_);
  if (closes_ && IsClosedAt(call + 1))
    difference_ = predictions.narrow(0, 1, 1) - predictions.narrow(0, 0, 1);
  return ruyi::Guide(predictions, scale_, rescale_);
}

TensorState GuidanceGate::Save(int calls) const {
  TensorState state;
  if (closes_ && IsClosedAt(calls))
    state.Put("difference", difference_);
  return state;
}

absl::Status GuidanceGate::Restore(const TensorState& state, int calls, const at::Tensor& like) {
  if (closes_ && IsClosedAt(calls)) {
    RUYI_ASSIGN_OR_RETURN(difference_, state.GetLike("difference", like));
  }
  return absl::OkStatus();
}

}  // namespace ruyi
