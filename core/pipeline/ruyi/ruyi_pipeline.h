// The image-to-video pipeline of Ruyi: conditions, denoising, decoding. Before it: core/worker. After it: a FrameSink.
// Owns the models. Not thread-safe. Source: Ruyi-Models, predict_i2v.py and RuyiInpaintPipeline.
#pragma once

#include <filesystem>
#include <memory>

#include "absl/status/statusor.h"
#include "core/pipeline/pipeline.h"
#include "core/pipeline/ruyi/models.h"
#include "core/pipeline/ruyi/run_context.h"
#include "core/tensor/placement.h"

namespace ruyi {

class RuyiPipeline final : public Pipeline {
 public:
  explicit RuyiPipeline(RuyiModels models) : models_(std::move(models)) {}

  LatentGeometry geometry() const override { return models_.geometry(); }

  absl::Status WarmUp() override;

  absl::Status Generate(const GenerationPlan& plan, const CancellationToken& token, ProgressSink& progress,
                        FrameSink& frames) override;

  // Generate with noise and observer of the caller's choice.
  absl::Status Run(const GenerationPlan& plan, RunContext& run, FrameSink& frames) const;

 private:
  RuyiModels models_;
};

}  // namespace ruyi
