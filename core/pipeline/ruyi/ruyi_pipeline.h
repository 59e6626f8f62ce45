// The image-to-video pipeline of Ruyi: conditions, denoising, decoding. Before it: core/worker. After it: a FrameSink.
// Owns the models. Not thread-safe. Source: Ruyi-Models, predict_i2v.py and RuyiInpaintPipeline.
#pragma once

#include <filesystem>
#include <memory>

#include "absl/status/statusor.h"
#include "core/lora/lora_folder.h"
#include "core/pipeline/pipeline.h"
#include "core/pipeline/ruyi/models.h"
#include "core/pipeline/ruyi/run_context.h"
#include "core/tensor/placement.h"

namespace ruyi {

class RuyiPipeline final : public Pipeline {
 public:
  // `lora_folder`: where requests may take LoRAs from; empty: nowhere.
  explicit RuyiPipeline(RuyiModels models, std::filesystem::path lora_folder = {});

  LatentGeometry geometry() const override { return models_.geometry(); }
  std::shared_ptr<const LoraCatalog> loras() const override { return loras_; }

  absl::Status WarmUp() override;

  absl::Status Generate(const GenerationPlan& plan, const CancellationToken& token, ProgressSink& progress,
                        FrameSink& frames) override;

  // Generate with noise and observer of the caller's choice.
  absl::Status Run(const GenerationPlan& plan, RunContext& run, FrameSink& frames) const;

 private:
  absl::StatusOr<RuyiModels> ModelsFor(const GenerationPlan& plan) const;

  RuyiModels models_;
  std::shared_ptr<const LoraFolder> loras_;
};

}  // namespace ruyi
