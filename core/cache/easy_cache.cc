#include "core/cache/easy_cache.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/TensorBody.h>

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "absl/strings/str_format.h"
#include "core/base/status_macros.h"
#include "core/cache/call_numbers.h"

namespace ruyi {
namespace {

// Returns the mean size of the numbers, a tensor of one.
at::Tensor SizeOf(const at::Tensor& x) {
  return x.abs().mean();
}

at::Tensor LastBranch(const at::Tensor& predictions) {
  return predictions.narrow(0, predictions.size(0) - 1, 1);
}

}  // namespace

EasyCache::EasyCache(const EasyCacheOptions& options, int calls)
    : options_{.threshold = options.threshold,
               .skip_start_steps = std::max(1, options.skip_start_steps),
               .skip_end_steps = std::max(1, options.skip_end_steps)},
      all_calls_(calls) {}

bool EasyCache::NeedsCall(const at::Tensor& latents) {
  const bool needed = Decide(latents);
  if (needed)
    change_ = 0;
  else
    skipped_.push_back(calls_);
  latents_ = latents;
  ++calls_;
  return needed;
}

bool EasyCache::Decide(const at::Tensor& latents) {
  if (calls_ < options_.skip_start_steps || calls_ >= all_calls_ - options_.skip_end_steps || !rate_.defined())
    return true;
  const at::Tensor expected = rate_ * (SizeOf(latents - latents_) / SizeOf(LastBranch(predictions_)));
  change_ += expected.item<float>();
  return !(change_ < options_.threshold);  // computes where the change is no number
}

void EasyCache::Store(const at::Tensor& predictions) {
  if (predictions_.defined()) {
    rate_ = SizeOf(LastBranch(predictions) - LastBranch(predictions_)) / SizeOf(latents_ - computed_latents_);
  }
  predictions_ = predictions;
  computed_latents_ = latents_;
}

at::Tensor EasyCache::Apply() const {
  return latents_ + (predictions_ - computed_latents_);
}

TensorState EasyCache::Save() const {
  TensorState state;
  state.PutIntegers("calls", {calls_});
  state.PutIntegers("skipped", {skipped_.begin(), skipped_.end()});
  state.PutDouble("change", change_);
  if (calls_ > 0) {
    state.Put("latents", latents_);
    state.Put("computed_latents", computed_latents_);
    state.Put("predictions", predictions_);
  }
  if (calls_ > 1)
    state.Put("rate", rate_);
  return state;
}

absl::Status EasyCache::Restore(const TensorState& state, c10::Device device) {
  RUYI_ASSIGN_OR_RETURN(const int64_t calls, state.GetInteger("calls"));
  RUYI_ASSIGN_OR_RETURN(const std::vector<int64_t> skipped, state.GetIntegers("skipped"));
  RUYI_ASSIGN_OR_RETURN(const double change, state.GetDouble("change"));
  if (calls < 0 || calls > all_calls_ || !AreCallsBefore(calls, skipped) || !std::isfinite(change)) {
    return absl::FailedPreconditionError(absl::StrFormat(
        "the saved EasyCache contradicts itself: %d calls, %d of them left out, change %g; begin the run anew", calls,
        skipped.size(), change));
  }
  at::Tensor rate;
  if (calls > 1) {
    RUYI_ASSIGN_OR_RETURN(rate, state.Get("rate"));
  }
  if (calls > 0) {
    RUYI_ASSIGN_OR_RETURN(const at::Tensor latents, state.Get("latents"));
    RUYI_ASSIGN_OR_RETURN(const at::Tensor computed_latents, state.Get("computed_latents"));
    RUYI_ASSIGN_OR_RETURN(const at::Tensor predictions, state.Get("predictions"));
    latents_ = latents.to(device);
    computed_latents_ = computed_latents.to(device);
    predictions_ = predictions.to(device);
  }
  rate_ = rate.defined() ? rate.to(device) : rate;
  calls_ = static_cast<int>(calls);
  change_ = change;
  skipped_.assign(skipped.begin(), skipped.end());
  return absl::OkStatus();
}

}  // namespace ruyi
