#include "tests/model_bench/benches.h"

#include <ATen/Context.h>
#include <ATen/core/TensorBody.h>
#include <ATen/ops/randn.h>
#include <c10/core/InferenceMode.h>

#include <functional>
#include <optional>
#include <utility>

#include "core/base/exception_guard.h"
#include "core/base/status_macros.h"
#include "core/pipeline/discard.h"
#include "core/pipeline/ruyi/denoise_loop.h"
#include "core/pipeline/ruyi/frame_decoder.h"
#include "core/pipeline/ruyi/image_tensor.h"
#include "core/pipeline/ruyi/ruyi_pipeline.h"
#include "tests/model_bench/bench_mode.h"
#include "tests/model_bench/bench_shape.h"
#include "tests/model_bench/unwatched_run.h"

namespace ruyi::bench {
namespace {

constexpr uint64_t kSeed = 1;

// The sum of the bits of `latents`: the same where they are the same to the last bit.
double BitsOf(const at::Tensor& latents) {
  return static_cast<double>(latents.to(at::kFloat).contiguous().view(at::kInt).sum().item<int64_t>());
}

// Notes when each phase ends.
class PhaseTimer final : public ProgressSink {
 public:
  explicit PhaseTimer(c10::Device device) : watch_(device) {}

  void OnProgress(const Progress& progress) override {
    if (progress.phase == phase_)
      return;
    End();
    phase_ = progress.phase;
  }

  // Ends the phase that runs.
  void End() { seconds_[static_cast<int>(phase_)] += watch_.Lap(); }

  double seconds(Phase phase) const { return seconds_[static_cast<int>(phase)]; }

 private:
  Stopwatch watch_;
  Phase phase_ = Phase::kConditioning;
  double seconds_[3] = {};
};

// What a bench measures of one shape in one mode.
using Case = std::function<absl::Status(const BenchMode& mode, const GenerationPlan& plan, Measurement& measurement)>;

absl::Status ForEachCase(const BenchOptions& options, const LatentGeometry& geometry, Report& report,
                         const std::pair<std::string, Case>& bench) {
  for (const std::string& mode_text : options.modes) {
    RUYI_ASSIGN_OR_RETURN(const BenchMode mode, ParseMode(mode_text));
    for (const std::string& shape_text : options.shapes) {
      RUYI_ASSIGN_OR_RETURN(const BenchShape shape, ParseShape(shape_text));
      const GenerationPlan plan = PlanOf(shape, mode.is_guided, options.steps, geometry);
      Measurement measurement = {.bench = bench.first, .shape = NameOf(shape), .mode = mode_text};
      ResetPeaks(options.placement.device);
      RUYI_RETURN_IF_ERROR(GuardExceptions(bench.first, [&] { return bench.second(mode, plan, measurement); }));
      ReadMemory(options.placement.device, measurement);
      report.Add(measurement);
    }
  }
  return absl::OkStatus();
}

// Runs `work` warm_up + repeat times and notes how long each of the latter took.
absl::Status Repeat(const BenchOptions& options, Measurement& measurement, const std::function<absl::Status()>& work) {
  for (int run = -options.warm_up; run < options.repeat; ++run) {
    Stopwatch watch(options.placement.device);
    RUYI_RETURN_IF_ERROR(work());
    const double seconds = watch.Lap();
    if (run >= 0)
      measurement.seconds.push_back(seconds);
  }
  return absl::OkStatus();
}

absl::Status MeasureSteps(const BenchOptions& options, const RuyiModels& models, GenerationPlan plan,
                          Measurement& measurement) {
  plan.steps = options.warm_up + options.repeat;
  at::manual_seed(kSeed);  // of the conditions: the same in every mode
  RUYI_ASSIGN_OR_RETURN(const Conditions conditions, RandomConditions(models, plan));
  Stopwatch watch(options.placement.device);
  int left_to_warm = options.warm_up;
  UnwatchedRun run([&](const at::Tensor&) {
    const double seconds = watch.Lap();
    if (left_to_warm-- <= 0)
      measurement.seconds.push_back(seconds);
  });
  RUYI_ASSIGN_OR_RETURN(const at::Tensor latents, Denoise(models, plan, conditions, run.context));
  measurement.other["latents_bits"] = BitsOf(latents);
  return absl::OkStatus();
}

absl::Status DecodeAll(const Vae& vae, const at::Tensor& latents, int frame_count) {
  for (FrameDecoder decoder(vae, latents, frame_count); !decoder.done();) {
    RUYI_ASSIGN_OR_RETURN(const at::Tensor frames, decoder.Next());
    PixelsOf(frames);
  }
  return absl::OkStatus();
}

}  // namespace

// The transformer of `models`, read into the host's memory, is placed anew for each mode.
absl::Status BenchStep(const BenchOptions& options, Report& report) {
  const c10::InferenceMode no_gradients;
  RUYI_ASSIGN_OR_RETURN(RuyiModels models,
                        LoadRuyiModels(options.model, {.dtype = options.placement.dtype}, options.fp8));
  const Dit on_host = models.dit;
  models.placement = options.placement;
  std::optional<DitMemory> placed;
  return ForEachCase(options, models.geometry(), report,
                     {"step", [&](const BenchMode& mode, const GenerationPlan& plan, Measurement& measurement) {
                        if (placed != mode.memory) {
                          models.dit = on_host;  // so that there are never two on the device
                          models.dit =
                              on_host.With({.placement = options.placement, .updates = {}, .memory = mode.memory});
                        }
                        placed = mode.memory;
                        ResetPeaks(options.placement.device);
                        return MeasureSteps(options, models, plan, measurement);
                      }});
}

absl::Status BenchVae(const BenchOptions& options, Report& report) {
  const c10::InferenceMode no_gradients;
  RUYI_ASSIGN_OR_RETURN(const RuyiModels models, LoadRuyiModels(options.model, options.placement, options.fp8));
  const Case encode = [&](const BenchMode&, const GenerationPlan& plan, Measurement& measurement) {
    const at::Tensor video = RandomTensor({1, 3, plan.frame_count, plan.size.height, plan.size.width}, {});
    return Repeat(options, measurement, [&] {
      models.vae.EncodeMoments(video);
      return absl::OkStatus();
    });
  };
  const Case condition = [&](const BenchMode&, const GenerationPlan& plan, Measurement& measurement) {
    return Repeat(options, measurement, [&] {
      UnwatchedRun run;
      return Condition(models, plan, run.context).status();
    });
  };
  const Case decode = [&](const BenchMode&, const GenerationPlan& plan, Measurement& measurement) {
    const LatentShape& shape = plan.latents;
    const at::Tensor latents = RandomTensor({1, shape.channels, shape.frames, shape.height, shape.width},
                                            {.device = options.placement.device, .dtype = c10::kFloat});
    return Repeat(options, measurement, [&] { return DecodeAll(models.vae, latents, plan.frame_count); });
  };
  for (const auto& bench :
       {std::pair("encode", encode), std::pair("condition", condition), std::pair("decode", decode)}) {
    RUYI_RETURN_IF_ERROR(ForEachCase(options, models.geometry(), report, bench));
  }
  return absl::OkStatus();
}

absl::Status BenchRequest(const BenchOptions& options, Report& report) {
  RUYI_ASSIGN_OR_RETURN(RuyiModels models, LoadRuyiModels(options.model, options.placement, options.fp8));
  RuyiPipeline pipeline(std::move(models));
  const Case request = [&](const BenchMode&, const GenerationPlan& plan, Measurement& measurement) {
    int left_to_warm = options.warm_up;
    return Repeat(options, measurement, [&] {
      PhaseTimer timer(options.placement.device);
      DiscardFrames frames;
      const absl::Status status = pipeline.Generate(plan, CancellationToken(), timer, frames);
      timer.End();
      if (left_to_warm-- <= 0) {
        measurement.phases["conditioning"].push_back(timer.seconds(Phase::kConditioning));
        measurement.phases["denoising"].push_back(timer.seconds(Phase::kDenoising));
        measurement.phases["decoding"].push_back(timer.seconds(Phase::kDecoding));
      }
      return status;
    });
  };
  return ForEachCase(options, pipeline.geometry(), report, {"request", request});
}

absl::Status BenchLoad(const BenchOptions& options, Report& report) {
  Measurement measurement = {.bench = "load"};
  for (int run = 0; run < options.repeat; ++run) {
    Stopwatch watch(options.placement.device);
    const absl::StatusOr<RuyiModels> models = LoadRuyiModels(options.model, options.placement, options.fp8);
    RUYI_RETURN_IF_ERROR(models.status());
    measurement.seconds.push_back(watch.Lap());
    measurement.other["host_anonymous_mib"] = ProcessMib("RssAnon");
    measurement.other["host_peak_mib"] = ProcessMib("VmHWM");
  }
  ReadMemory(options.placement.device, measurement);
  report.Add(measurement);
  return absl::OkStatus();
}

}  // namespace ruyi::bench
