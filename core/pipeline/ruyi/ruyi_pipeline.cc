#include "core/pipeline/ruyi/ruyi_pipeline.h"

#include <ATen/core/TensorBody.h>
#include <c10/core/InferenceMode.h>

#include "core/base/exception_guard.h"
#include "core/base/status_macros.h"
#include "core/pipeline/discard.h"
#include "core/pipeline/ruyi/conditioner.h"
#include "core/pipeline/ruyi/denoise_loop.h"
#include "core/pipeline/ruyi/frame_decoder.h"
#include "core/pipeline/ruyi/image_tensor.h"
#include "core/quant/fp8.h"
#include "core/tensor/random_streams.h"

namespace ruyi {
namespace {

// A small square video of one chunk and one step, both branches of guidance included.
GenerationPlan WarmUpPlan(const LatentGeometry& geometry, const Fp8Settings& fp8) {
  constexpr int kLatentSide = 8;
  const int side = kLatentSide * geometry.spatial_scale;
  GenerationPlan plan;
  plan.size = {.width = side, .height = side};
  plan.start_images = {{.width = side, .height = side, .pixels = std::vector<uint8_t>(size_t{3} * side * side)}};
  plan.frame_count = geometry.frames_per_chunk;
  plan.latents = LatentsOf(plan.size, plan.frame_count, geometry);
  plan.steps = 1;
  plan.guidance_scale = 2.0;
  plan.clip_apply_ratio = 1.0;
  plan.fp8 = fp8;
  return plan;
}

absl::Status GiveFrames(const at::Tensor& frames, FrameSink& sink) {
  const at::Tensor pixels = PixelsOf(frames);
  for (int64_t i = 0; i < pixels.size(0); ++i) {
    RUYI_RETURN_IF_ERROR(sink.OnFrame(ImageOf(pixels[i])));
  }
  return absl::OkStatus();
}

absl::Status Decode(const Vae& vae, const at::Tensor& latents, int frame_count, RunContext& run, FrameSink& sink) {
  int done = 0;
  const auto report = [&] { run.progress.OnProgress({.phase = Phase::kDecoding, .done = done, .total = frame_count}); };
  report();
  for (FrameDecoder decoder(vae, latents, frame_count, run.token); !decoder.done(); report()) {
    RUYI_RETURN_IF_ERROR(run.token.Check());
    RUYI_ASSIGN_OR_RETURN(const at::Tensor frames, decoder.Next());
    if (run.observer.on_frames)
      run.observer.on_frames(frames);
    RUYI_RETURN_IF_ERROR(GiveFrames(frames, sink));
    done += static_cast<int>(frames.size(1));
  }
  return absl::OkStatus();
}

}  // namespace

RuyiPipeline::RuyiPipeline(RuyiModels models, std::filesystem::path lora_folder)
    : models_(std::move(models)),
      loras_(std::make_shared<LoraFolder>(std::move(lora_folder), models_.dit.linear_layers())) {}

absl::Status RuyiPipeline::WarmUp() {
  const CancellationToken token;
  DiscardProgress progress;
  DiscardFrames frames;
  return Generate(WarmUpPlan(geometry(), models_.fp8), token, progress, frames);
}

absl::Status RuyiPipeline::Generate(const GenerationPlan& plan, const CancellationToken& token, ProgressSink& progress,
                                    FrameSink& frames) {
  RandomStreams noise(plan.seed);
  const RunObserver nobody;
  RunContext run = {.token = token, .progress = progress, .noise = noise, .observer = nobody};
  return Run(plan, run, frames);
}

// The models as `plan` wants them. What it does not change is shared.
absl::StatusOr<RuyiModels> RuyiPipeline::ModelsFor(const GenerationPlan& plan) const {
  RuyiModels models = models_;
  if (plan.fp8 != models_.fp8 || !plan.loras.empty()) {
    absl::StatusOr<LayerUpdates> updates = loras_->Load(plan.loras);
    if (!updates.ok())  // the files were in order when the request was accepted
      return absl::FailedPreconditionError(updates.status().message());
    DitSettings settings = models_.dit.settings();
    settings.rule = plan.fp8 == models_.fp8 ? StorageRule() : Fp8Rule(plan.fp8);
    settings.updates = *std::move(updates);
    models.dit = models_.dit.With(settings);
  }
  if (plan.vae_tiling.has_value())
    models.vae = models_.vae.WithTiling(*plan.vae_tiling);
  return models;
}

absl::Status RuyiPipeline::Run(const GenerationPlan& plan, RunContext& run, FrameSink& frames) const {
  return GuardExceptions("making a video", [&]() -> absl::Status {
    const c10::InferenceMode no_gradients;
    RUYI_ASSIGN_OR_RETURN(const RuyiModels models, ModelsFor(plan));
    RUYI_ASSIGN_OR_RETURN(const Conditions conditions, Condition(models, plan, run));
    RUYI_ASSIGN_OR_RETURN(const at::Tensor latents, Denoise(models, plan, conditions, run));
    return Decode(models.vae, latents, plan.frame_count, run, frames);
  });
}

}  // namespace ruyi
