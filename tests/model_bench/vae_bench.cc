#include <ATen/Context.h>
#include <ATen/TensorOperators.h>
#include <ATen/core/TensorBody.h>
#include <ATen/ops/zeros.h>
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

// Says what is measured: "slice" or "slice+smoothed", and whether by slabs. Guidance is nothing to the autoencoder.
void Describe(const Vae& vae, bool is_smoothed, Measurement& measurement) {
  const VaeConfig& config = vae.config();
  measurement.configuration = ConfigurationOf(config);
  measurement.configuration["smoothing"] = is_smoothed ? "yes" : "no";
  measurement.task = absl::StrCat(NameOf(config.temporal_mode), is_smoothed ? "+smoothed" : "");
  measurement.mode = vae.goes_by_slabs() ? "slabs" : "";
}

RuyiModels InMode(RuyiModels models, const BenchMode& mode) {
  if (mode.autoencoder_in_slabs)
    models.vae = models.vae.BySlabs();
  return models;
}

// Returns the sum of the bits of all frames: the same where they are the same to the last bit.
absl::StatusOr<at::Tensor> DecodeAll(const Vae& vae, const at::Tensor& latents, int frame_count) {
  at::Tensor bits = at::zeros({}, latents.options().dtype(at::kLong));
  for (FrameDecoder decoder(vae, latents, frame_count); !decoder.done();) {
    RUYI_ASSIGN_OR_RETURN(const at::Tensor frames, decoder.Next());
    bits += frames.contiguous().view(at::kInt).sum();
    PixelsOf(frames);
  }
  return bits;
}

absl::Status MeasureDecoding(const BenchOptions& options, const Vae& vae, const VideoSpec& spec,
                             Measurement& measurement) {
  const LatentShape& shape = spec.latents;
  at::manual_seed(1);  // the same latents in every mode
  const at::Tensor latents = RandomTensor({1, shape.channels, shape.frames, shape.height, shape.width},
                                          {.device = options.placement.device, .dtype = c10::kFloat});
  at::Tensor bits;
  RUYI_RETURN_IF_ERROR(Repeat(options, measurement, [&]() -> absl::Status {
    RUYI_ASSIGN_OR_RETURN(bits, DecodeAll(vae, latents, spec.frame_count));
    return absl::OkStatus();
  }));
  measurement.other["frames_bits"] = static_cast<double>(bits.item<int64_t>());
  return absl::OkStatus();
}

absl::Status Measure(const BenchOptions& options, const RuyiModels& models, Report& report) {
  const Case encode = [&](const BenchMode& mode, const VideoInput& input, Measurement& measurement) {
    const Vae vae = InMode(models, mode).vae;
    Describe(vae, false, measurement);
    const at::Tensor video =
        RandomTensor({1, 3, input.spec.frame_count, input.spec.size.height, input.spec.size.width}, options.placement);
    return Repeat(options, measurement, [&] {
      vae.EncodeMoments(video);
      return absl::OkStatus();
    });
  };
  const Case condition = [&](const BenchMode& mode, const VideoInput& input, Measurement& measurement) {
    const RuyiModels in_mode = InMode(models, mode);
    Describe(in_mode.vae, false, measurement);
    return Repeat(options, measurement, [&] {
      UnwatchedRun run(input.pictures);
      return Condition(in_mode, input.spec, run.context).status();
    });
  };
  const Case decode = [&](const BenchMode& mode, const VideoInput& input, Measurement& measurement) {
    const Vae vae = InMode(models, mode).vae;
    Describe(vae, IsSmoothed(vae.config()), measurement);
    return MeasureDecoding(options, vae, input.spec, measurement);
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
