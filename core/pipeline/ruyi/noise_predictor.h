// Runs the transformer for the denoising loop: turns the latents of one video and a step into the prediction of each
// branch of guidance. Before it: denoise_loop.h. After it: Dit, on one device or on two. Not thread-safe; each video
// has its own.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "core/model/dit/dit.h"
#include "core/parallel/pair.h"
#include "core/pipeline/ruyi/conditioner.h"
#include "core/pipeline/ruyi/models.h"
#include "core/plan/video_spec.h"

namespace ruyi {

class NoisePredictor {
 public:
  struct Input {
    const RuyiModels& models;  // must outlive the predictor
    const VideoSpec& spec;
    const Conditions& conditions;
    at::Tensor timesteps;           // [calls] float32
    bool branches_in_turn = false;  // see MemoryMode; where the models have a partner, the branches go at the same time
  };

  // Computes everything that does not change from step to step. Throws c10::Error.
  explicit NoisePredictor(const Input& input);

  // Predicts: latents [1, channels, f, h, w] on the first device → [branches, channels, f, h, w] float32 on that
  // device, the branch with the condition last.
  absl::StatusOr<at::Tensor> Predict(const at::Tensor& latents, const DitStep& step);

  // Does the same for the branch with the condition alone, and computes nothing else.
  absl::StatusOr<at::Tensor> PredictWithCondition(const at::Tensor& latents, const DitStep& step);

 private:
  // The part of the work that one device does.
  struct Share {
    const Dit* dit = nullptr;
    std::vector<DitContext> batches;
    at::Tensor inpaint_latents;  // on that device
    int64_t rows = 0;            // of all batches
  };

  static Share LastBranchOf(const Share& share);
  Share MakeShare(const Dit& dit, const Input& input, const std::vector<DitConditions>& batches) const;
  at::Tensor PredictShare(const Share& share, const at::Tensor& latents, const DitStep& step) const;

  const LatentShape shape_;
  const DitSchedule schedule_;
  std::vector<Share> shares_;   // one, or two for two devices
  Share with_condition_;        // the last branch of the last share
  std::unique_ptr<Pair> pair_;  // for two
};

}  // namespace ruyi
