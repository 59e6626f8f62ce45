// Quality: one video in several modes, each compared with the first step by step and frame by frame.
#include <ATen/core/TensorBody.h>

#include <algorithm>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "core/base/status_macros.h"
#include "core/media/pillow_resize.h"
#include "core/pipeline/ruyi/stage_meter.h"
#include "core/plan/branches.h"
#include "core/tensor/random_streams.h"
#include "tests/golden/png_image.h"
#include "tests/model_bench/bench_cases.h"
#include "tests/model_bench/bench_shape.h"
#include "tests/model_bench/benches.h"
#include "tests/model_bench/likeness.h"

namespace ruyi::bench {
namespace {

// Holds what came of a run, in the host's memory.
struct Film {
  std::vector<at::Tensor> latents;  // after each step
  std::vector<RgbImage> frames;
  std::vector<int> skipped;  // calls of the transformer
  double seconds = 0;
  double denoise_seconds = 0;
};

class FilmCamera final : public ProgressSink, public FrameSink {
 public:
  explicit FilmCamera(Film& film) : film_(film) {}

  void OnProgress(const Progress& progress) override {
    if (progress.phase == Phase::kDenoising)
      film_.skipped = progress.skipped_steps;
  }
  void OnRetry(const Retry& /*retry*/) override {}
  void OnResume() override {}
  void OnPreview(int /*step*/, const RgbImage& /*picture*/) override {}

  absl::Status OnFrame(const RgbImage& frame) override {
    film_.frames.push_back(frame);
    return absl::OkStatus();
  }

 private:
  Film& film_;
};

// Holds a pipeline and what it is to make.
struct Scene {
  const BenchOptions& options;
  RuyiPipeline& pipeline;
  const VideoInput& input;
  MemoryMode mode;
};

absl::StatusOr<Film> Make(const Scene& scene) {
  Film film;
  FilmCamera camera(film);
  const CancellationToken token;
  DiscardCheckpoints checkpoints;
  RunControl control = {.pictures = scene.input.pictures,
                        .token = token,
                        .progress = camera,
                        .frames = camera,
                        .checkpoints = checkpoints,
                        .resume_from = {}};
  RandomStreams noise(scene.input.spec.seed);
  const RunObserver observer = {
      .on_latents = [&](const at::Tensor& latents) { film.latents.push_back(latents.to(at::kCPU)); }};
  StageMeter meter({.device = scene.options.placement.device});
  RunContext run = {.control = control, .noise = noise, .observer = observer, .meter = &meter};
  Stopwatch watch(scene.options.placement.device);
  RUYI_RETURN_IF_ERROR(scene.pipeline.Run(scene.input.spec, scene.mode, run));
  film.seconds = watch.Lap();
  film.denoise_seconds = meter.Finish()[static_cast<int>(Stage::kDenoise)].seconds;
  return film;
}

// Makes the same film warm_up + repeat times. Returns the last one, with the medians of the times that count.
absl::StatusOr<Film> MakeOften(const Scene& scene, Measurement& measurement) {
  std::vector<double> denoise_seconds;
  Film film;
  for (int run = -scene.options.warm_up; run < scene.options.repeat; ++run) {
    RUYI_ASSIGN_OR_RETURN(film, Make(scene));
    if (run < 0)
      continue;
    measurement.seconds.push_back(film.seconds);
    denoise_seconds.push_back(film.denoise_seconds);
  }
  film.seconds = Median(measurement.seconds);
  film.denoise_seconds = Median(denoise_seconds);
  return film;
}

bool IsLeftOut(const Film& film, int call) {
  return std::find(film.skipped.begin(), film.skipped.end(), call + 1) != film.skipped.end();
}

// Returns how often a branch of guidance went through the blocks of the transformer.
int PassesOf(const VideoSpec& spec, const Film& film) {
  const int calls = static_cast<int>(film.latents.size());
  const int before_gate = CallsBeforeGate(spec, calls);
  int passes = 0;
  for (int call = 0; call < calls; ++call) {
    if (!IsLeftOut(film, call))
      passes += IsGuided(spec) && call < before_gate ? 2 : 1;
  }
  return passes;
}

// Compares the latents of each step, prints them, and notes them as lists.
void CompareLatents(const Film& baseline, const Film& film, Measurement& measurement) {
  std::vector<double>& cosines = measurement.lists["step_cosine"];
  std::vector<double>& psnrs = measurement.lists["step_psnr_db"];
  for (size_t step = 0; step < baseline.latents.size(); ++step) {
    cosines.push_back(Cosine(baseline.latents[step], film.latents[step]));
    psnrs.push_back(LatentsPsnr(baseline.latents[step], film.latents[step]));
    std::cout << absl::StrFormat("  step %3d  cosine %.8f  PSNR %6.2f dB%s\n", step + 1, cosines.back(), psnrs.back(),
                                 IsLeftOut(film, static_cast<int>(step)) ? "  left out" : "");
  }
  measurement.other["latents_cosine"] = cosines.back();
  measurement.other["latents_psnr_db"] = psnrs.back();
}

void CompareFrames(const Film& baseline, const Film& film, Measurement& measurement) {
  constexpr double kPeak = 255;
  double sum = 0;
  double worst = 0;
  for (size_t i = 0; i < baseline.frames.size(); ++i) {
    const double error = MeanSquaredError(baseline.frames[i], film.frames[i]);
    sum += error;
    worst = std::max(worst, error);
  }
  measurement.other["frames_psnr_db"] = Psnr(kPeak, sum / static_cast<double>(baseline.frames.size()));
  measurement.other["worst_frame_psnr_db"] = Psnr(kPeak, worst);
}

absl::StatusOr<VideoInput> InputFor(const BenchOptions& options, const BenchShape& shape, const BenchMode& mode,
                                    const LatentGeometry& geometry) {
  VideoInput input = InputOf(shape, mode.is_guided, options.steps, geometry);
  input.spec.seed = options.seed;
  input.spec.camera = options.camera;
  input.spec.motion = options.motion;
  input.spec.fp8 = options.fp8;
  if (mode.is_guided)
    input.spec.guidance_scale = options.guidance;
  mode.ApplyTo(input.spec);
  if (!options.picture.empty()) {
    std::ifstream file(options.picture, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    RUYI_ASSIGN_OR_RETURN(const RgbImage picture, golden::ReadPng(bytes));
    input.SetPictures({ResizeLikePillow(picture, shape.size)}, {});
  }
  return input;
}

absl::Status CompareModes(const BenchOptions& options, RuyiPipeline& pipeline, const BenchShape& shape,
                          Report& report) {
  const ModelFacts& facts = pipeline.costs()->facts();
  std::optional<Film> baseline;
  for (const std::string& text : options.modes) {
    RUYI_ASSIGN_OR_RETURN(const BenchMode mode, ParseMode(text));
    RUYI_ASSIGN_OR_RETURN(const VideoInput input, InputFor(options, shape, mode, facts.geometry));
    Measurement measurement = {.bench = "quality", .shape = NameOf(shape), .task = text, .mode = text};
    ResetPeaks(options.placement.device);
    RUYI_ASSIGN_OR_RETURN(Film film, MakeOften({options, pipeline, input, Within(facts, mode.memory())}, measurement));
    ReadMemory(options.placement.device, measurement);
    measurement.other["denoise_s"] = film.denoise_seconds;
    measurement.other["passes"] = PassesOf(input.spec, film);
    measurement.other["skipped_steps"] = static_cast<double>(film.skipped.size());
    if (baseline.has_value()) {
      CompareLatents(*baseline, film, measurement);
      CompareFrames(*baseline, film, measurement);
      measurement.other["time_ratio"] = film.seconds / baseline->seconds;
      measurement.other["denoise_ratio"] = film.denoise_seconds / baseline->denoise_seconds;
    } else {
      baseline = std::move(film);
    }
    report.Add(measurement);
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status BenchQuality(const BenchOptions& options, Report& report) {
  RUYI_ASSIGN_OR_RETURN(const std::unique_ptr<RuyiPipeline> pipeline, OpenPipeline(options, std::nullopt));
  for (const std::string& text : options.shapes) {
    RUYI_ASSIGN_OR_RETURN(const BenchShape shape, ParseShape(text));
    RUYI_RETURN_IF_ERROR(CompareModes(options, *pipeline, shape, report));
  }
  return absl::OkStatus();
}

}  // namespace ruyi::bench
