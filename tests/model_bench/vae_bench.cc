#include <ATen/core/TensorBody.h>
#include <c10/core/InferenceMode.h>

#include <functional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/pipeline/ruyi/conditioner.h"
#include "core/pipeline/ruyi/frame_decoder.h"
#include "core/pipeline/ruyi/image_tensor.h"
#include "tests/model_bench/bench_cases.h"
#include "tests/model_bench/bench_shape.h"
#include "tests/model_bench/benches.h"
#include "tests/model_bench/unwatched_run.h"
#include "tests/model_bench/vae_in_mode.h"

namespace ruyi::bench {
namespace {

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

// Says what is measured: "slice" or "slice+smoothed". Guidance is nothing to the autoencoder.
void Describe(const VaeConfig& config, bool is_smoothed, Measurement& measurement) {
  measurement.configuration = ConfigurationOf(config);
  measurement.configuration["smoothing"] = is_smoothed ? "yes" : "no";
  measurement.task = absl::StrCat(NameOf(config.temporal_mode), is_smoothed ? "+smoothed" : "");
  measurement.mode = "";
}

absl::Status DecodeAll(const Vae& vae, const at::Tensor& latents, int frame_count) {
  for (FrameDecoder decoder(vae, latents, frame_count); !decoder.done();) {
    RUYI_ASSIGN_OR_RETURN(const at::Tensor frames, decoder.Next());
    PixelsOf(frames);
  }
  return absl::OkStatus();
}

absl::Status Measure(const BenchOptions& options, const RuyiModels& models, Report& report) {
  const Vae& vae = models.vae;
  const Case encode = [&](const BenchMode&, const VideoInput& input, Measurement& measurement) {
    Describe(vae.config(), false, measurement);
    const at::Tensor video =
        RandomTensor({1, 3, input.spec.frame_count, input.spec.size.height, input.spec.size.width}, options.placement);
    return Repeat(options, measurement, [&] {
      vae.EncodeMoments(video);
      return absl::OkStatus();
    });
  };
  const Case condition = [&](const BenchMode&, const VideoInput& input, Measurement& measurement) {
    Describe(vae.config(), false, measurement);
    return Repeat(options, measurement, [&] {
      UnwatchedRun run(input.pictures);
      return Condition(models, input.spec, run.context).status();
    });
  };
  const Case decode = [&](const BenchMode&, const VideoInput& input, Measurement& measurement) {
    Describe(vae.config(), IsSmoothed(vae.config()), measurement);
    const LatentShape& shape = input.spec.latents;
    const at::Tensor latents = RandomTensor({1, shape.channels, shape.frames, shape.height, shape.width},
                                            {.device = options.placement.device, .dtype = c10::kFloat});
    return Repeat(options, measurement, [&] { return DecodeAll(vae, latents, input.spec.frame_count); });
  };
  for (const auto& bench :
       {std::pair("encode", encode), std::pair("condition", condition), std::pair("decode", decode)}) {
    RUYI_RETURN_IF_ERROR(ForEachCase(options, models.geometry(), report, bench));
  }
  return absl::OkStatus();
}

absl::StatusOr<RuyiModels> LoadWithoutTransformer(const BenchOptions& options) {
  return LoadRuyiModels(options.model, options.placement, options.fp8, c10::Device(c10::kCPU));
}

}  // namespace

absl::Status BenchVae(const BenchOptions& options, Report& report) {
  const c10::InferenceMode no_gradients;
  RUYI_ASSIGN_OR_RETURN(const RuyiModels models, LoadWithoutTransformer(options));
  return Measure(options, models, report);
}

absl::Status BenchVaeIn(VaeTemporalMode mode, const BenchOptions& options, Report& report) {
  const c10::InferenceMode no_gradients;
  RUYI_ASSIGN_OR_RETURN(RuyiModels models, LoadWithoutTransformer(options));
  RUYI_ASSIGN_OR_RETURN(models.vae, LoadVaeIn(mode, options.model, options.placement));
  return Measure(options, models, report);
}

}  // namespace ruyi::bench
