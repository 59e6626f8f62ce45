#include <ATen/core/Tensor.h>
#include <ATen/ops/equal.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/status_macros.h"
#include "core/pipeline/discard.h"
#include "core/pipeline/ruyi/denoise_loop.h"
#include "core/pipeline/ruyi/run_fingerprint.h"
#include "core/pipeline/ruyi/saved_run.h"
#include "core/tensor/random_streams.h"
#include "tests/model_bench/bench_cases.h"
#include "tests/model_bench/bench_shape.h"
#include "tests/model_bench/benches.h"

namespace ruyi::bench {
namespace {

constexpr int kPreviewWidth = 160;

// The time of what comes after each other in a step: the step, its preview, its checkpoint.
class StepWatch final : public ProgressSink, public CheckpointSink {
 public:
  explicit StepWatch(c10::Device device) : watch_(device) {}

  void OnStep() { steps.push_back(watch_.Lap()); }
  void OnProgress(const Progress& /*progress*/) override {}
  void OnRetry(const Retry& /*retry*/) override {}
  void OnResume() override {}
  void OnPreview(int /*step*/, const RgbImage& /*picture*/) override { previews.push_back(watch_.Lap()); }

  bool IsWanted() override {
    watch_.Lap();
    return true;
  }

  absl::Status OnCheckpoint(Checkpoint checkpoint) override {
    checkpoints.push_back(watch_.Lap());
    if (state.empty())
      state = std::move(checkpoint.state);
    return absl::OkStatus();
  }

  std::vector<double> steps, previews, checkpoints;  // seconds
  std::string state;                                 // of the first checkpoint

 private:
  Stopwatch watch_;
};

std::vector<double> After(int warm_up, const std::vector<double>& seconds) {
  return {seconds.begin() + std::min<int64_t>(warm_up, static_cast<int64_t>(seconds.size())), seconds.end()};
}

// TeaCache keeps what the first step gives it, and leaves no step out: all steps are alike.
TeaCacheSettings CacheThatKeeps(int steps) {
  return {.threshold = 0, .skip_start_steps = 1, .skip_end_steps = steps};
}

// Holds what is denoised, and which models and conditions it is denoised with.
struct Subject {
  const RuyiModels& models;
  const MemoryMode& mode;
  const VideoSpec& spec;
  const Conditions& conditions;
};

absl::StatusOr<at::Tensor> DenoiseWatched(const Subject& subject, std::optional<SavedRun> saved, StepWatch& watch) {
  const std::vector<RgbImage> no_pictures;
  const CancellationToken token;
  DiscardFrames frames;
  RunControl control = {.pictures = no_pictures,
                        .token = token,
                        .progress = watch,
                        .frames = frames,
                        .checkpoints = watch,
                        .resume_from = {}};
  RandomStreams noise(1);
  const RunObserver observer = {.on_latents = [&](const at::Tensor&) { watch.OnStep(); }};
  StepPreview preview;
  RunContext run = {.control = control,
                    .noise = noise,
                    .observer = observer,
                    .preview = &preview,
                    .branches_in_turn = subject.mode.branches_in_turn};
  return Denoise(subject.models, subject.spec, subject.conditions, run, std::move(saved));
}

// Checks that the steps after the first checkpoint give the same latents again.
absl::Status CheckResumed(const Subject& subject, const std::string& state, const at::Tensor& latents) {
  RUYI_ASSIGN_OR_RETURN(SavedRun saved, SavedRun::Parse(state, FingerprintOf(subject.models, subject.spec)));
  StepWatch unread(latents.device());
  RUYI_ASSIGN_OR_RETURN(const at::Tensor resumed, DenoiseWatched(subject, std::move(saved), unread));
  return at::equal(resumed, latents) ? absl::OkStatus()
                                     : absl::InternalError("the steps after a checkpoint give other latents again");
}

absl::Status MeasureCheckpoints(const BenchOptions& options, const Subject& subject, Measurement& measurement) {
  StepWatch watch(options.placement.device);
  RUYI_ASSIGN_OR_RETURN(const at::Tensor latents, DenoiseWatched(subject, std::nullopt, watch));
  RUYI_RETURN_IF_ERROR(CheckResumed(subject, watch.state, latents));
  measurement.seconds = After(options.warm_up, watch.checkpoints);
  measurement.other = {{"step_s", Median(After(options.warm_up, watch.steps))},
                       {"first_preview_s", watch.previews.front()},
                       {"preview_s", Median(After(std::max(1, options.warm_up), watch.previews))},
                       {"state_mib", MibOf(static_cast<int64_t>(watch.state.size()))}};
  return absl::OkStatus();
}

}  // namespace

absl::Status BenchCheckpoint(const BenchOptions& options, Report& report) {
  constexpr int kFirstAndLast = 2;  // the first preview stands alone, and the last step has none
  const c10::InferenceMode no_gradients;
  RUYI_ASSIGN_OR_RETURN(ModelToPlace model, ModelToPlace::Load(options, options.placement.device));
  for (const bool with_cache : {false, true}) {
    const Case measure = [&](const BenchMode& mode, const VideoInput& input, Measurement& measurement) -> absl::Status {
      VideoSpec spec = input.spec;
      spec.steps = options.warm_up + options.repeat + kFirstAndLast;
      spec.preview = {.every_steps = 1, .width = kPreviewWidth};
      if (with_cache)
        spec.tea_cache = CacheThatKeeps(spec.steps);
      const RuyiModels models = model.In(mode.memory(), /*fp8=*/{});
      RUYI_ASSIGN_OR_RETURN(const Conditions conditions, RandomConditions(models, spec));
      return MeasureCheckpoints(options, {models, mode.memory(), spec, conditions}, measurement);
    };
    RUYI_RETURN_IF_ERROR(
        ForEachCase(options, model.geometry(), report, {with_cache ? "checkpoint_cached" : "checkpoint", measure}));
  }
  return absl::OkStatus();
}

}  // namespace ruyi::bench
