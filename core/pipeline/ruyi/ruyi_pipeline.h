// The image-to-video pipeline of Ruyi: conditions, denoising, decoding. Before it: core/worker. After it: a FrameSink.
// Owns the models. Not thread-safe, but for what Pipeline says. Source: Ruyi-Models, predict_i2v.py and
// RuyiInpaintPipeline.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/lora/lora_folder.h"
#include "core/pipeline/pipeline.h"
#include "core/pipeline/ruyi/calibrator.h"
#include "core/pipeline/ruyi/models.h"
#include "core/pipeline/ruyi/placed_dit.h"
#include "core/pipeline/ruyi/run_context.h"
#include "core/request/limits.h"
#include "core/tensor/placement.h"

namespace ruyi {

struct RuyiPipelineOptions {
  std::filesystem::path lora_folder;         // where requests may take LoRAs from; empty: nowhere
  LoraFolder::OnSkipped on_skipped_lora;     // is told of files there that cannot be listed
  std::optional<int64_t> vram_budget_bytes;  // of each device, for weights and work; absent: what is free
  std::filesystem::path calibration_file;    // keeps what WarmUp measures; empty: none
  RequestLimits limits;                      // of the model: WarmUp measures sizes that it takes
  std::shared_ptr<PeakLessons> lessons = std::make_shared<PeakLessons>();  // copies of the options share it
};

struct RuyiModelOptions {
  std::filesystem::path folder;
  std::vector<c10::Device> devices;  // one; or two alike, which compute one branch of guidance each
  c10::ScalarType dtype = c10::kFloat;
  Fp8Settings fp8;
};

class RuyiPipeline final : public Pipeline {
 public:
  // The model in a folder, its transformer in the host's memory until a video is made. Errors: those of LoadRuyiModels;
  // RESOURCE_EXHAUSTED: autoencoder and CLIP do not fit the budget. Blocks on the disk.
  static absl::StatusOr<std::unique_ptr<RuyiPipeline>> Load(const RuyiModelOptions& model, RuyiPipelineOptions options);

  // Models whose transformer may lie anywhere: on the device it is kept beside what a memory mode places there.
  explicit RuyiPipeline(RuyiModels models, RuyiPipelineOptions options = {});

  std::shared_ptr<const LoraCatalog> loras() const override { return loras_; }
  std::shared_ptr<const CostModel> costs() const override { return costs_; }
  int64_t AvailableBytes() const override;

  // In the files, but no part of the model.
  const std::vector<std::string>& unused_names() const { return models_.unused_names; }

  // FAILED_PRECONDITION VRAM_BUDGET: not even the weights of the smallest memory mode fit. Else those of Generate.
  absl::Status WarmUp() override;

  absl::StatusOr<GenerationReport> Generate(const GenerationPlan& plan, const CancellationToken& token,
                                            ProgressSink& progress, FrameSink& frames) override;

  // The video in the plan's mode and no other, with a run of the caller's choice. Errors: those of the stages.
  absl::Status Run(const GenerationPlan& plan, RunContext& run, FrameSink& frames);

 private:
  absl::StatusOr<RuyiModels> ModelsFor(const GenerationPlan& plan, const MemoryMode& mode);
  std::vector<c10::Device> devices() const;
  absl::StatusOr<StageCosts> Attempt(const GenerationPlan& plan, const Prediction& mode, RunContext run,
                                     FrameSink& frames);
  absl::Status Recover(const absl::Status& why, const Prediction& mode);
  absl::StatusOr<GenerationReport> MeasureForCalibration(GenerationPlan plan, int64_t bytes);
  absl::StatusOr<Calibration> Calibrate();
  std::string CalibrationKey() const;

  const RuyiPipelineOptions options_;
  const RuyiModels models_;              // as they were loaded
  std::vector<PlacedDit> transformers_;  // one for each device
  ConstantMoments constants_;
  std::shared_ptr<const LoraFolder> loras_;
  std::shared_ptr<CostModel> costs_;
};

}  // namespace ruyi
