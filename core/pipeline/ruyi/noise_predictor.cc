#include "core/pipeline/ruyi/noise_predictor.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <c10/core/DeviceGuard.h>

#include "core/base/status_macros.h"
#include "core/model/dit/rotary.h"
#include "core/plan/branches.h"

namespace ruyi {
namespace {

// Tokens along the side of a picture of 512 pixels, which places are scaled to.
constexpr int64_t kRotaryBasePixels = 512;

at::Tensor RotaryTableOf(const RuyiModels& models, const LatentShape& shape) {
  const DitConfig& config = models.dit.config();
  const int64_t base = kRotaryBasePixels / models.geometry().spatial_scale / config.patch_size;
  const TokenGrid grid = {.height = shape.height / config.patch_size, .width = shape.width / config.patch_size};
  return RotaryTable(grid, config.head_dim, base);
}

// Returns the batches that go through the blocks together.
std::vector<DitConditions> BatchesOf(const DitConditions& conditions, bool in_turn) {
  if (!in_turn)
    return {conditions};
  std::vector<DitConditions> batches;
  for (int64_t row = 0; row < conditions.text.size(0); ++row)
    batches.push_back(conditions.Branch(row));
  return batches;
}

}  // namespace

NoisePredictor::NoisePredictor(const Input& input)
    : shape_(input.spec.latents),
      schedule_{.timesteps = input.timesteps.unsqueeze(1),
                .rotary = RotaryTableOf(input.models, input.spec.latents),
                .frames = input.spec.latents.frames} {
  const DitConditions& conditions = input.conditions.dit;
  if (UsesSecondDevice(input.spec, input.models.partner.has_value() ? 2 : 1)) {
    shares_.push_back(MakeShare(input.models.dit, input, {conditions.Branch(0)}));
    shares_.push_back(MakeShare(*input.models.partner, input, {conditions.Branch(1)}));
    pair_ = std::make_unique<Pair>();
  } else {
    shares_.push_back(MakeShare(input.models.dit, input, BatchesOf(conditions, input.branches_in_turn)));
  }
  with_condition_ = LastBranchOf(shares_.back());
}

NoisePredictor::Share NoisePredictor::LastBranchOf(const Share& share) {
  const DitContext& batch = share.batches.back();
  return {.dit = share.dit,
          .batches = {batch.Branch(batch.batch - 1)},
          .inpaint_latents = share.inpaint_latents,
          .rows = 1};
}

NoisePredictor::Share NoisePredictor::MakeShare(const Dit& dit, const Input& input,
                                                const std::vector<DitConditions>& batches) const {
  Share share = {.dit = &dit,
                 .batches = dit.Prepare(batches, schedule_),
                 .inpaint_latents = input.conditions.inpaint_latents.to(dit.device())};
  for (const DitContext& batch : share.batches)
    share.rows += batch.batch;
  return share;
}

// The transformer sees the latents of the video, of the mask and of the pictures. Of what it gives, the channels after
// the first are a variance that no sampler here uses.
at::Tensor NoisePredictor::PredictShare(const Share& share, const at::Tensor& latents, const DitStep& step) const {
  const c10::OptionalDeviceGuard there(share.dit->device());
  const at::Tensor seen = at::cat({latents.to(share.dit->device()), share.inpaint_latents}, 1);
  const at::Tensor predicted = share.dit->Forward(seen.expand({share.rows, -1, -1, -1, -1}), share.batches, step);
  return predicted.narrow(1, 0, shape_.channels).to(at::kFloat);
}

absl::StatusOr<at::Tensor> NoisePredictor::Predict(const at::Tensor& latents, const DitStep& step) {
  if (pair_ == nullptr)
    return PredictShare(shares_.front(), latents, step);
  std::vector<at::Tensor> predictions(shares_.size());
  const auto predict = [&](size_t share) {
    predictions[share] = PredictShare(shares_[share], latents, step);
    return absl::OkStatus();
  };
  RUYI_RETURN_IF_ERROR(pair_->Run([&] { return predict(0); }, [&] { return predict(1); }));
  return at::cat({predictions[0], predictions[1].to(latents.device())});
}

absl::StatusOr<at::Tensor> NoisePredictor::PredictWithCondition(const at::Tensor& latents, const DitStep& step) {
  if (pair_ == nullptr)
    return PredictShare(with_condition_, latents, step);
  at::Tensor prediction;
  const auto nothing = [] { return absl::OkStatus(); };
  RUYI_RETURN_IF_ERROR(pair_->Run(nothing, [&] {
    prediction = PredictShare(with_condition_, latents, step);
    return absl::OkStatus();
  }));
  return prediction.to(latents.device());
}

}  // namespace ruyi
