// The transformer as the denoising loop sees it: latents of one video and a step → what each branch of guidance
// predicts. Before it: denoise_loop.h. After it: Dit, on one device or on two. Not thread-safe; one per video.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "core/model/dit/dit.h"
#include "core/parallel/pair.h"
#include "core/pipeline/ruyi/conditioner.h"
#include "core/pipeline/ruyi/models.h"
#include "core/plan/generation_plan.h"

namespace ruyi {

class NoisePredictor {
 public:
  struct Input {
    const RuyiModels& models;  // must outlive the predictor
    const GenerationPlan& plan;
    const Conditions& conditions;
    at::Tensor timesteps;           // [calls] float32
    bool branches_in_turn = false;  // see MemoryMode; where the models have a partner, they go at the same time
  };

  // Computes what does not change from step to step. Throws c10::Error.
  explicit NoisePredictor(const Input& input);

  // latents [1, channels, f, h, w] of the first device → [branches, channels, f, h, w] float32 there.
  absl::StatusOr<at::Tensor> Predict(const at::Tensor& latents, const DitStep& step);

 private:
  // What one device computes.
  struct Share {
    const Dit* dit = nullptr;
    std::vector<DitContext> batches;
    at::Tensor inpaint_latents;  // there
    int64_t rows = 0;            // of all batches
  };

  Share MakeShare(const Dit& dit, const Input& input, const std::vector<DitConditions>& batches) const;
  at::Tensor PredictShare(const Share& share, const at::Tensor& latents, const DitStep& step) const;

  const LatentShape shape_;
  const DitSchedule schedule_;
  std::vector<Share> shares_;   // one, or two for two devices
  std::unique_ptr<Pair> pair_;  // for two
};

}  // namespace ruyi
