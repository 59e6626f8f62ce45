#include "core/pipeline/ruyi/ruyi_pipeline.h"

#include <ATen/core/TensorBody.h>
#include <c10/core/DeviceGuard.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <optional>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_format.h"
#include "core/base/error_info.h"
#include "core/base/error_reasons.h"
#include "core/base/exception_guard.h"
#include "core/base/status_macros.h"
#include "core/memory/pinned_memory.h"
#include "core/pipeline/discard.h"
#include "core/pipeline/ruyi/conditioner.h"
#include "core/pipeline/ruyi/denoise_loop.h"
#include "core/pipeline/ruyi/facts_of.h"
#include "core/pipeline/ruyi/first_mode.h"
#include "core/pipeline/ruyi/frame_decoder.h"
#include "core/pipeline/ruyi/frame_output.h"
#include "core/pipeline/ruyi/run_fingerprint.h"
#include "core/pipeline/ruyi/saved_run.h"
#include "core/pipeline/ruyi/watched_checkpoints.h"
#include "core/pipeline/step_down.h"
#include "core/plan/calibration_file.h"
#include "core/tensor/device.h"
#include "core/tensor/device_memory.h"
#include "core/tensor/random_streams.h"

namespace ruyi {
namespace {

// Room for what the first kernels of a GPU's libraries take and what its allocator cannot use.
constexpr int64_t kReserveBytes = int64_t{256} << 20;

// Room for what the process takes beside tensors: libraries, pictures, the encoder.
constexpr int64_t kHostReserveBytes = int64_t{512} << 20;

// A small square video of one chunk and one step, both branches of guidance included.
VideoSpec WarmUpSpec(const LatentGeometry& geometry, const Fp8Settings& fp8) {
  constexpr int kLatentSide = 8;
  const int side = kLatentSide * geometry.spatial_scale;
  VideoSpec spec;
  spec.size = {.width = side, .height = side};
  spec.start_pictures = {PictureRef()};
  spec.frame_count = geometry.frames_per_chunk;
  spec.latents = LatentsOf(spec.size, spec.frame_count, geometry);
  spec.steps = 1;
  spec.guidance_scale = 2.0;
  spec.clip_apply_ratio = 1.0;
  spec.fp8 = fp8;
  return spec;
}

// Refuses a video that was accepted for other weights: those that were loaded in 8 bits cannot be widened again.
absl::Status CheckWeights(const Fp8Settings& loaded, const Fp8Settings& wanted) {
  if (loaded.mode == Fp8Mode::kNone || wanted == loaded)
    return absl::OkStatus();
  return ErrorWithReason(
      absl::StatusCode::kUnimplemented,
      "the server was started again with other --fp8 than when it accepted the video; send the request again, or "
      "start the server as before",
      reason::kFeatureNotBuilt);
}

RgbImage BlackPicture(const PixelSize& size) {
  return {
      .width = size.width, .height = size.height, .pixels = std::vector<uint8_t>(size_t{3} * size.width * size.height)};
}

absl::Status Decode(const Vae& vae, const at::Tensor& latents, int frame_count, RunContext& run) {
  EnterStage(run, Stage::kDecode);
  int done = 0;
  const auto report = [&] {
    run.control.progress.OnProgress({.phase = Phase::kDecoding, .done = done, .total = frame_count});
  };
  report();
  FrameOutput output(latents.device(), run.control.frames);
  for (FrameDecoder decoder(vae, latents, frame_count, run.control.token); !decoder.done(); report()) {
    RUYI_RETURN_IF_ERROR(run.control.token.Check());
    RUYI_ASSIGN_OR_RETURN(const at::Tensor frames, decoder.Next());
    if (run.observer.on_frames)
      run.observer.on_frames(frames);
    RUYI_RETURN_IF_ERROR(output.Add(frames));
    done += static_cast<int>(frames.size(1));
  }
  return output.Finish();
}

// Returns the saved run to go on from; absent where the run begins at the beginning.
absl::StatusOr<std::optional<SavedRun>> SavedRunOf(const RuyiModels& models, const VideoSpec& spec,
                                                   const RunContext& run) {
  if (run.control.resume_from.empty())
    return std::nullopt;
  return SavedRun::Parse(run.control.resume_from, FingerprintOf(models, spec));
}

absl::Status RunStages(const RuyiModels& models, const VideoSpec& spec, RunContext& run) {
  RUYI_ASSIGN_OR_RETURN(std::optional<SavedRun> saved, SavedRunOf(models, spec, run));
  if (saved.has_value())
    run.control.progress.OnResume();
  Conditions conditions;
  if (!saved.has_value() || !saved->is_finished()) {
    RUYI_ASSIGN_OR_RETURN(conditions, Condition(models, spec, run));
  }
  EnterStage(run, Stage::kDenoise);
  RUYI_ASSIGN_OR_RETURN(const at::Tensor latents, Denoise(models, spec, conditions, run, std::move(saved)));
  return Decode(models.vae, latents, spec.frame_count, run);
}

bool IsOutOfMemory(const absl::Status& status) {
  return absl::IsResourceExhausted(status) && GetErrorInfo(status).reason.empty();
}

}  // namespace

absl::StatusOr<std::unique_ptr<RuyiPipeline>> RuyiPipeline::Load(const RuyiModelOptions& model,
                                                                 RuyiPipelineOptions options) {
  RUYI_ASSIGN_OR_RETURN(options.limits, LoadRequestLimits(model.folder));
  for (const c10::Device& device : model.devices) {
    if (options.vram_budget_bytes.has_value())
      RUYI_RETURN_IF_ERROR(SetMemoryLimit(device, *options.vram_budget_bytes));
  }
  const TensorPlacement placement = {.device = model.devices.front(), .dtype = model.dtype};
  const c10::Device host(c10::kCPU);
  RUYI_ASSIGN_OR_RETURN(RuyiModels models, LoadRuyiModels(model.folder, placement, model.fp8, host));
  if (model.devices.size() > 1)
    models.partner_device = model.devices.back();
  return std::make_unique<RuyiPipeline>(std::move(models), std::move(options));
}

RuyiPipeline::RuyiPipeline(RuyiModels models, RuyiPipelineOptions options)
    : options_(std::move(options)),
      models_(std::move(models)),
      loras_(std::make_shared<LoraFolder>(options_.lora_folder, models_.dit.linear_layers(), options_.on_skipped_lora)),
      costs_(std::make_shared<CostModel>(FactsOf(models_), Calibration())),
      budget_bytes_(options_.vram_budget_bytes),
      limit_bytes_(options_.vram_budget_bytes) {
  for (const c10::Device& device : devices())
    transformers_.emplace_back(models_.dit, TensorPlacement{.device = device, .dtype = models_.placement.dtype});
}

std::vector<c10::Device> RuyiPipeline::devices() const {
  std::vector<c10::Device> devices = {models_.placement.device};
  if (models_.partner_device.has_value())
    devices.push_back(*models_.partner_device);
  return devices;
}

// Returns nothing once a GPU has failed, for then it cannot be asked.
MemoryBudget RuyiPipeline::AvailableMemory() const {
  const absl::StatusOr<MemoryBudget> available = GuardExceptions("asking for free memory", [&] {
    int64_t least = memory_budget().value_or(std::numeric_limits<int64_t>::max());
    for (const c10::Device& device : devices())
      least = std::min(least, UsableBytes(device) - (device.is_cpu() ? 0 : kReserveBytes));
    absl::MutexLock lock(&placed_mutex_);
    return MemoryBudget{
        .device_bytes = least,
        .host_bytes = std::max<int64_t>(0, UsableHostBytes(devices()) - kHostReserveBytes),
        .placed = {.mode = placed_.mode, .fp8 = placed_.fp8, .pinned_bytes = PinnedHostBytes(devices())}};
  });
  return available.value_or(MemoryBudget{.device_bytes = 0, .host_bytes = 0});
}

std::optional<int64_t> RuyiPipeline::memory_budget() const {
  absl::MutexLock lock(&placed_mutex_);
  return budget_bytes_;
}

absl::Status RuyiPipeline::SetMemoryBudget(std::optional<int64_t> bytes) {
  absl::MutexLock lock(&placed_mutex_);
  budget_bytes_ = bytes;
  const bool is_raised =
      limit_bytes_.has_value() && bytes.value_or(std::numeric_limits<int64_t>::max()) > *limit_bytes_;
  return is_raised ? Limit(bytes) : absl::OkStatus();
}

// A smaller limit would take from the video that is being made: it waits until the next one has been placed.
absl::Status RuyiPipeline::ObeyBudget() {
  absl::MutexLock lock(&placed_mutex_);
  return budget_bytes_ == limit_bytes_ ? absl::OkStatus() : Limit(budget_bytes_);
}

absl::Status RuyiPipeline::Limit(std::optional<int64_t> bytes) {
  for (const c10::Device& device : devices())
    RUYI_RETURN_IF_ERROR(SetMemoryLimit(device, bytes.value_or(std::numeric_limits<int64_t>::max())));
  limit_bytes_ = bytes;
  return absl::OkStatus();
}

std::string RuyiPipeline::CalibrationKey() const {
  const ModelFacts& facts = costs_->facts();
  return absl::StrFormat("ruyi %s, %s, %s, %d + %d bytes of weights, %d device(s)", RUYI_VERSION,
                         DescriptionOf(models_.placement.device), c10::toString(models_.placement.dtype),
                         facts.weight_bytes.back(), facts.other_weight_bytes, facts.devices);
}

absl::Status RuyiPipeline::WarmUp() {
  return GuardExceptions("warming up", [&] { return WarmUpAndCalibrate(); });
}

absl::Status RuyiPipeline::WarmUpAndCalibrate() {
  const VideoSpec spec = WarmUpSpec(models_.geometry(), models_.fp8);
  RUYI_RETURN_IF_ERROR(GenerateForNobody(spec, AvailableMemory(), /*in_slabs=*/false).status());
  absl::StatusOr<Calibration> calibration = ReadCalibration(options_.calibration_file, CalibrationKey());
  if (!calibration.ok()) {
    options_.on_calibration();
    RUYI_ASSIGN_OR_RETURN(const Calibration measured, Calibrate());
    calibration = KeepCalibration(options_.calibration_file, CalibrationKey(), measured);
  }
  costs_ = std::make_shared<CostModel>(costs_->facts(), *calibration, options_.peaks, TimesOf(*calibration));
  return absl::OkStatus();
}

// Ratios that cannot be read are learnt again.
std::shared_ptr<TimeLessons> RuyiPipeline::TimesOf(const Calibration& calibration) const {
  const absl::StatusOr<std::vector<double>> kept = ReadTimeRatios(options_.calibration_file, CalibrationKey());
  return options_.times->Of(calibration, kept.value_or(std::vector<double>()));
}

// Makes the video of a black picture in the largest mode that it fits into, of those whose weights fit the budget.
absl::StatusOr<GenerationReport> RuyiPipeline::GenerateForNobody(const VideoSpec& spec, const MemoryBudget& budget,
                                                                 bool in_slabs) {
  RUYI_ASSIGN_OR_RETURN(const Placement placement, StartWithLargest(*costs_, spec, budget, in_slabs));
  const std::vector<RgbImage> pictures = {BlackPicture(spec.size)};
  DiscardAll nobody;
  RunControl control = nobody.Of(pictures);
  return Generate(spec, placement, control);
}

// Returns what the last round took. On a GPU the first one also finds kernels and touches memory.
absl::StatusOr<GenerationReport> RuyiPipeline::MeasureForCalibration(const VideoSpec& spec, MemoryBudget budget,
                                                                     bool in_slabs) {
  const int rounds = models_.placement.device.is_cpu() ? 1 : 2;
  absl::StatusOr<GenerationReport> report;
  for (int round = 0; round < rounds; ++round) {
    constants_.Clear();  // so that all chunks are encoded
    RUYI_ASSIGN_OR_RETURN(report, GenerateForNobody(spec, budget, in_slabs));
    budget.device_bytes = CostOf(report->stages, Stage::kLoad).peak_bytes;
  }
  return report;
}

// Adds a run of each spec, up to the first that is too large for the device, and takes from the budget what the weights
// may not have, so that the next ones begin in a mode that fits.
absl::Status RuyiPipeline::Measure(const std::vector<VideoSpec>& specs, bool in_slabs, MemoryBudget& budget,
                                   std::vector<CalibrationRun>& runs) {
  for (const VideoSpec& spec : specs) {
    RUYI_ASSIGN_OR_RETURN(const GenerationReport report, MeasureForCalibration(spec, budget, in_slabs));
    budget.device_bytes = CostOf(report.stages, Stage::kLoad).peak_bytes;
    runs.push_back({.spec = spec, .mode = report.mode, .costs = report.stages});
  }
  return absl::OkStatus();
}

// Where some of the videos are too large for the device, the smaller ones are enough.
absl::StatusOr<Calibration> RuyiPipeline::Calibrate() {
  std::vector<VideoSpec> specs = CalibrationSpecs(options_.limits, models_.geometry());
  for (VideoSpec& spec : specs)
    spec.fp8 = models_.fp8;
  std::vector<CalibrationRun> runs;
  MemoryBudget budget = AvailableMemory();
  for (const bool in_slabs : {false, true}) {
    const absl::Status status = Measure(in_slabs ? SlabSpecs(specs, runs.size()) : specs, in_slabs, budget, runs);
    const bool is_too_large = GetErrorInfo(status).reason == reason::kGpuOutOfMemory;
    if (!status.ok() && (!is_too_large || (in_slabs && runs.empty())))
      return status;
  }
  Calibration calibration = FitCalibration(costs_->facts(), runs, MeasureUpload(models_.placement.device));
  MeasurePlacing(models_.dit.parameters(), models_.placement.device, calibration);
  return calibration;
}

absl::StatusOr<GenerationReport> RuyiPipeline::Generate(const VideoSpec& spec, const Placement& placement,
                                                        RunControl& control) {
  const RunObserver nobody;
  WatchedCheckpoints checkpoints(control.checkpoints);
  const auto attempt = [&](const Prediction& mode, FrameSink& sink) {
    RandomStreams noise(spec.seed);
    RunControl attempted = {.pictures = control.pictures,
                            .token = control.token,
                            .progress = control.progress,
                            .frames = sink,
                            .checkpoints = checkpoints,
                            .resume_from = control.resume_from};
    return Attempt(spec, mode, {.control = attempted, .noise = noise, .observer = nobody});
  };
  absl::StatusOr<GenerationReport> report = GenerateWithStepDown(
      placement, {.attempt = attempt, .available_bytes = [this] { return AvailableMemory().device_bytes; }},
      control.progress, control.frames);
  return checkpoints.error().ok() ? std::move(report) : checkpoints.error();
}

absl::Status RuyiPipeline::Run(const VideoSpec& spec, const MemoryMode& mode, RunContext& run) {
  return GuardExceptions("making a video", [&]() -> absl::Status {
    const c10::InferenceMode no_gradients;
    RUYI_ASSIGN_OR_RETURN(const RuyiModels models, ModelsFor(spec, mode));
    run.preview = &preview_;
    run.branches_in_turn = mode.branches_in_turn;
    return RunStages(models, spec, run);
  });
}

absl::StatusOr<StageCosts> RuyiPipeline::Attempt(const VideoSpec& spec, const Prediction& mode, RunContext run) {
  const absl::StatusOr<StageCosts> costs = GuardExceptions("making a video", [&]() -> absl::StatusOr<StageCosts> {
    const c10::InferenceMode no_gradients;
    const c10::OptionalDeviceGuard here(models_.placement.device);  // on whichever thread
    RUYI_RETURN_IF_ERROR(models_.CheckFiles());
    const auto begin = std::chrono::steady_clock::now();
    RUYI_ASSIGN_OR_RETURN(const RuyiModels models, ModelsFor(spec, mode.mode));
    RUYI_RETURN_IF_ERROR(ObeyBudget());
    StageMeter meter({.device = models_.placement.device,
                      .weight_bytes = mode.Of(Stage::kLoad).peak_bytes,
                      .load_time = std::chrono::steady_clock::now() - begin});
    run.meter = &meter;
    run.constants = &constants_;
    run.preview = &preview_;
    run.branches_in_turn = mode.mode.branches_in_turn;
    RUYI_RETURN_IF_ERROR(RunStages(models, spec, run));
    RUYI_RETURN_IF_ERROR(models_.CheckFiles());
    return meter.Finish();
  });
  if (!costs.ok())
    return Recover(costs.status(), mode);
  costs_->Learn(mode, PeakBytesOf(*costs));
  if (run.control.resume_from.empty())
    LearnTime(spec, mode.mode, *costs);
  return costs;
}

// Where the ratios cannot be kept, the next start learns them again.
void RuyiPipeline::LearnTime(const VideoSpec& spec, const MemoryMode& mode, const StageCosts& costs) {
  if (!costs_->LearnTime(spec, mode, costs) || options_.calibration_file.empty())
    return;
  WriteTimeRatios(options_.calibration_file, CalibrationKey(), costs_->calibration(), costs_->times().ratios())
      .IgnoreError();
}

// Frees everything that the attempt has left. When the memory ran out although the device has what the mode was
// predicted to take, the prediction was too low. It is not known by how much, and a single fault must not make later
// requests be refused.
absl::Status RuyiPipeline::Recover(const absl::Status& why, const Prediction& mode) {
  if (!absl::IsInternal(why) && !IsOutOfMemory(why))
    return why;
  for (const c10::Device& device : devices()) {
    RUYI_RETURN_IF_ERROR(CleanDevice(device));
  }
  if (!IsOutOfMemory(why))
    return why;
  const int64_t a_tenth_more = mode.peak_bytes() + (mode.peak_bytes() - mode.Of(Stage::kLoad).peak_bytes) / 10;
  costs_->Learn(mode, std::min(AvailableMemory().device_bytes + 1, a_tenth_more));
  return WithErrorInfo(why, {.reason = std::string(reason::kGpuOutOfMemory)});
}

// Called after each try to place the transformers. With two of them, the second one is placed last.
void RuyiPipeline::RememberPlacement() {
  absl::MutexLock lock(&placed_mutex_);
  const PlacedDit& last = transformers_.back();
  placed_ = {.mode = last.mode(), .fp8 = last.fp8().mode == Fp8Mode::kNone ? models_.fp8 : last.fp8()};
}

// The models as `spec` wants them, in `mode`. What the spec does not change is shared.
absl::StatusOr<RuyiModels> RuyiPipeline::ModelsFor(const VideoSpec& spec, const MemoryMode& mode) {
  RuyiModels models = models_;
  RUYI_RETURN_IF_ERROR(CheckWeights(models_.fp8, spec.fp8));
  absl::StatusOr<LayerUpdates> updates = loras_->Load(spec.loras);
  if (!updates.ok())
    return updates.status();
  const absl::Cleanup remember = [this] { RememberPlacement(); };
  const auto place = [&](PlacedDit& transformer) {
    const Dit& placed = transformer.Place(mode, spec.fp8 == models_.fp8 ? Fp8Settings() : spec.fp8);
    if (updates->empty())
      return placed;
    DitSettings settings = placed.settings();
    settings.updates = *updates;
    return placed.With(settings);
  };
  models.dit = place(transformers_.front());
  if (models.partner_device.has_value())
    models.partner = place(transformers_.back());
  if (spec.vae_tiling.has_value())
    models.vae = models.vae.WithTiling(*spec.vae_tiling);
  if (mode.autoencoder_in_slabs)
    models.vae = models.vae.BySlabs();
  return models;
}

}  // namespace ruyi
