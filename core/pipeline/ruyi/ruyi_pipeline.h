// The image-to-video pipeline of Ruyi: conditions, denoising, decoding. Before it: core/worker. After it: a FrameSink.
// Owns the models. Not thread-safe, but for what Pipeline says. Source: Ruyi-Models, predict_i2v.py and
// RuyiInpaintPipeline.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "core/lora/lora_folder.h"
#include "core/pipeline/pipeline.h"
#include "core/pipeline/ruyi/calibrator.h"
#include "core/pipeline/ruyi/models.h"
#include "core/pipeline/ruyi/placed_dit.h"
#include "core/pipeline/ruyi/run_context.h"
#include "core/pipeline/ruyi/step_preview.h"
#include "core/plan/shared_time_lessons.h"
#include "core/request/limits.h"
#include "core/tensor/tensor_placement.h"

namespace ruyi {

struct RuyiPipelineOptions {
  std::filesystem::path lora_folder;         // where requests may take LoRAs from; empty: nowhere
  LoraFolder::OnSkipped on_skipped_lora;     // is told of files there that cannot be listed
  std::optional<int64_t> vram_budget_bytes;  // of each device, for weights and work; absent: what is free
  std::filesystem::path calibration_file;    // keeps what WarmUp measures and videos correct; empty: nothing is kept
  std::function<void()> on_calibration = [] {};  // is told when WarmUp begins to measure, which may take minutes
  RequestLimits limits;                          // of the model: WarmUp measures sizes that it takes
  // These keep what videos teach, also those of other pipelines, for copies of the options share them.
  std::shared_ptr<PeakLessons> peaks = std::make_shared<PeakLessons>();
  std::shared_ptr<SharedTimeLessons> times = std::make_shared<SharedTimeLessons>();
};

struct RuyiModelOptions {
  std::filesystem::path folder;
  std::vector<c10::Device> devices;  // one; or two alike, each of which computes one branch of guidance
  c10::ScalarType dtype = c10::kFloat;
  Fp8Settings fp8;
};

class RuyiPipeline final : public Pipeline {
 public:
  // Loads the model in a folder; its transformer stays in the host's memory until a video is made. Errors: those of
  // LoadRuyiModels; RESOURCE_EXHAUSTED: autoencoder and CLIP do not fit the budget. Blocks on the disk.
  static absl::StatusOr<std::unique_ptr<RuyiPipeline>> Load(const RuyiModelOptions& model, RuyiPipelineOptions options);

  // Takes models whose transformer may lie anywhere. One that lies on the device is kept there beside what a memory
  // mode places.
  explicit RuyiPipeline(RuyiModels models, RuyiPipelineOptions options = {});

  std::shared_ptr<const LoraCatalog> loras() const override { return loras_; }
  std::shared_ptr<const CostModel> costs() const override { return costs_; }
  MemoryBudget AvailableMemory() const override;
  absl::Status SetMemoryBudget(std::optional<int64_t> bytes) override;
  std::optional<int64_t> memory_budget() const override;

  // Returns the names of the tensors that are in the files, but no part of the model.
  const std::vector<std::string>& unused_names() const { return models_.unused_names; }

  // FAILED_PRECONDITION VRAM_BUDGET: not even the weights of the smallest memory mode fit; HOST_MEMORY: they would, and
  // the host's memory is too small for the others. Other errors: those of
  // Generate.
  absl::Status WarmUp() override;

  // The first preview that is asked for takes as long as LatentPreview::Fit does.
  absl::StatusOr<GenerationReport> Generate(const VideoSpec& spec, const Placement& placement,
                                            RunControl& control) override;

  // Makes the video in `mode` and no other, with a run of the caller's choice. Errors: those of the stages.
  absl::Status Run(const VideoSpec& spec, const MemoryMode& mode, RunContext& run);

 private:
  absl::StatusOr<RuyiModels> ModelsFor(const VideoSpec& spec, const MemoryMode& mode);
  void RememberPlacement();
  absl::Status ObeyBudget();
  absl::Status Limit(std::optional<int64_t> bytes) ABSL_EXCLUSIVE_LOCKS_REQUIRED(placed_mutex_);
  std::vector<c10::Device> devices() const;
  absl::StatusOr<StageCosts> Attempt(const VideoSpec& spec, const Prediction& mode, RunContext run);
  absl::Status Recover(const absl::Status& why, const Prediction& mode);
  void LearnTime(const VideoSpec& spec, const MemoryMode& mode, const StageCosts& costs);
  absl::Status WarmUpAndCalibrate();
  absl::StatusOr<GenerationReport> GenerateForNobody(const VideoSpec& spec, const MemoryBudget& budget, bool in_slabs);
  absl::StatusOr<GenerationReport> MeasureForCalibration(const VideoSpec& spec, MemoryBudget budget, bool in_slabs);
  absl::Status Measure(const std::vector<VideoSpec>& specs, bool in_slabs, MemoryBudget& budget,
                       std::vector<CalibrationRun>& runs);
  absl::StatusOr<Calibration> Calibrate();
  std::shared_ptr<TimeLessons> TimesOf(const Calibration& calibration) const;
  std::string CalibrationKey() const;

  const RuyiPipelineOptions options_;
  const RuyiModels models_;              // as they were loaded
  std::vector<PlacedDit> transformers_;  // one for each device
  ConstantMoments constants_;
  StepPreview preview_;
  std::shared_ptr<const LoraFolder> loras_;
  std::shared_ptr<CostModel> costs_;
  mutable absl::Mutex placed_mutex_;
  std::optional<int64_t> budget_bytes_ ABSL_GUARDED_BY(placed_mutex_);
  std::optional<int64_t> limit_bytes_ ABSL_GUARDED_BY(placed_mutex_);  // what the devices' allocators were told
  PlacedModel placed_ ABSL_GUARDED_BY(placed_mutex_);                  // of the transformers, for other threads
};

}  // namespace ruyi
