#include "core/cache/tea_cache.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/abs.h>
#include <ATen/ops/mean.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include "absl/strings/str_format.h"
#include "core/base/status_macros.h"
#include "core/cache/call_numbers.h"

namespace ruyi {
namespace {

// Returns how far the output moves when the input moves by x, relative to its size, as fitted for HunyuanVideo.
double Rescale(double x) {
  constexpr double kCoefficients[] = {-7.51185620e+03, 2.32931511e+03, -2.25610663e+02, 9.39902237e+00,
                                      -7.43067848e-02};
  double sum = 0;
  for (const double coefficient : kCoefficients)
    sum = sum * x + coefficient;
  return sum;
}

}  // namespace

TeaCache::TeaCache(const TeaCacheOptions& options, int steps)
    : options_{.threshold = options.threshold,
               .skip_start_steps = std::max(1, options.skip_start_steps),
               .skip_end_steps = std::max(1, options.skip_end_steps),
               .offload = options.offload},
      steps_(steps) {}

bool TeaCache::NeedsBlocks(const at::Tensor& tokens, const at::Tensor& modulated) {
  const bool needed = Decide(tokens, modulated, calls_ % steps_);
  if (!needed)
    skipped_.push_back(calls_);
  ++calls_;
  return needed;
}

bool TeaCache::Decide(const at::Tensor& tokens, const at::Tensor& modulated, int step) {
  if (step < options_.skip_start_steps - 1 ||
      (step >= options_.skip_start_steps && step >= steps_ - options_.skip_end_steps))
    return true;
  if (step >= options_.skip_start_steps) {
    distance_ += Distance(modulated);
    if (distance_ < options_.threshold)
      return false;
  }
  Remember(tokens, modulated);
  return true;
}

at::Tensor TeaCache::Keep(const at::Tensor& tensor) const {
  return options_.offload ? tensor.to(at::kCPU) : tensor;
}

double TeaCache::Distance(const at::Tensor& modulated) const {
  const at::Tensor last = modulated_.to(modulated.device());
  const at::Tensor moved = (modulated - last).abs().mean() / last.abs().mean();
  return Rescale(moved.item<float>());
}

void TeaCache::Remember(const at::Tensor& tokens, const at::Tensor& modulated) {
  distance_ = 0;
  tokens_ = Keep(tokens);
  modulated_ = Keep(modulated);
}

at::Tensor TeaCache::Apply(const at::Tensor& tokens) const {
  return tokens + residual_.to(tokens.device());
}

void TeaCache::Store(const at::Tensor& output) {
  if (!tokens_.defined())
    return;
  residual_ = Keep(output - tokens_.to(output.device()));
  tokens_ = at::Tensor();
}

// Returns true from the last of the steps at the beginning on, which is the first that is stored.
bool TeaCache::HasTensorsAfter(int calls) const {
  return std::min(calls, steps_) >= options_.skip_start_steps;
}

TensorState TeaCache::Save() const {
  TensorState state;
  state.PutIntegers("calls", {calls_});
  state.PutIntegers("skipped", {skipped_.begin(), skipped_.end()});
  state.PutDouble("distance", distance_);
  if (HasTensorsAfter(calls_)) {
    state.Put("modulated", modulated_);
    state.Put("residual", residual_);
  }
  return state;
}

absl::Status TeaCache::Restore(const TensorState& state, c10::Device device) {
  RUYI_ASSIGN_OR_RETURN(const int64_t calls, state.GetInteger("calls"));
  RUYI_ASSIGN_OR_RETURN(const std::vector<int64_t> skipped, state.GetIntegers("skipped"));
  RUYI_ASSIGN_OR_RETURN(const double distance, state.GetDouble("distance"));
  if (calls < 0 || calls > std::numeric_limits<int>::max() || !AreCallsBefore(calls, skipped) ||
      !std::isfinite(distance)) {
    return absl::FailedPreconditionError(absl::StrFormat(
        "the saved TeaCache contradicts itself: %d calls, %d of them left out, distance %g; begin the run anew", calls,
        skipped.size(), distance));
  }
  if (HasTensorsAfter(static_cast<int>(calls))) {
    RUYI_ASSIGN_OR_RETURN(const at::Tensor modulated, state.Get("modulated"));
    RUYI_ASSIGN_OR_RETURN(const at::Tensor residual, state.Get("residual"));
    const c10::Device place = options_.offload ? c10::Device(at::kCPU) : device;
    modulated_ = modulated.to(place);
    residual_ = residual.to(place);
  }
  calls_ = static_cast<int>(calls);
  distance_ = distance;
  tokens_ = at::Tensor();
  skipped_.assign(skipped.begin(), skipped.end());
  return absl::OkStatus();
}

}  // namespace ruyi
