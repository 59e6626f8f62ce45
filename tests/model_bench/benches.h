// The measurements of ruyi-bench: each loads the model, runs what it measures `warm_up` and then `repeat` times for
// every shape and mode, and adds a row to the report. Before them: main.cc. After them: core/pipeline/ruyi. Errors:
// those of the model's folder, of the flags, and of what is measured. Functions without state.
#pragma once

#include "absl/status/status.h"
#include "core/model/vae/config.h"
#include "tests/model_bench/bench_options.h"
#include "tests/model_bench/kernel_cases.h"
#include "tests/model_bench/report.h"

namespace ruyi::bench {

// The whole table of docs/performance.md, in one run: steps, the autoencoder in slice and in cache mode, the kernels,
// each beside its ATen twin; and what becomes of a video where it is approximated. On a CPU with shapes of the demo
// model.
absl::Status BenchSuite(const BenchOptions& options, Report& report);

// One denoising step: the transformer on all branches, guidance, the sampler. Where options.predicts, beside what the
// cost model predicts, which has to be calibrated.
absl::Status BenchStep(const BenchOptions& options, Report& report);

// A checkpoint after each step, and a preview where there is one, beside the step (step_s, preview_s; the first preview
// of a pipeline, first_preview_s), and the checkpoint's size (state_mib): without TeaCache (checkpoint) and with it
// (checkpoint_cached).
absl::Status BenchCheckpoint(const BenchOptions& options, Report& report);

// The autoencoder as the model configures it: encoding every frame of a clip (encode), what the first request of a size
// encodes of one picture, CLIP included (condition), and decoding as a request does it, to pixels of 8 bits (decode).
// Clips and pixels are on the device; the transformer is not.
absl::Status BenchVae(const BenchOptions& options, Report& report);

// The same in slice mode or in cache mode, whatever the configuration says.
absl::Status BenchVaeIn(VaeTemporalMode mode, const BenchOptions& options, Report& report);

// Whole requests as a server makes them: planned for each of the budgets, made, and compared with what was predicted.
// With a ballast, something else takes memory once a request is planned. No warm-up.
absl::Status BenchRequest(const BenchOptions& options, Report& report);

// One video, with the same seed and picture, in each of the modes: how alike the others are to the first, in the
// latents after each step (cosine and PSNR) and in the frames (PSNR), how often a branch of guidance passed the
// transformer, and which part of its time they take. Numbers that are infinite, because nothing differs, are null in
// JSON. INVALID_ARGUMENT: a mode is none; DATA_LOSS: the picture is no PNG.
absl::Status BenchQuality(const BenchOptions& options, Report& report);

// Reports what each of the budgets gives, by the cost model: the modes, which one is chosen, and why. Nothing is
// measured but the calibration.
absl::Status BenchPlan(const BenchOptions& options, Report& report);

// Makes a video in one mode, breaks the GPU for this process in one of its stages, as a fault of a kernel does, and
// checks that the video ends with GPU_FAULT, the next one too, and that the pipeline can be taken apart. INTERNAL: it
// was not so. FAILED_PRECONDITION: not a GPU.
absl::Status BenchFault(const BenchOptions& options, Report& report);

// Reading the model's folder onto the device, with the host's memory. No warm-up.
absl::Status BenchLoad(const BenchOptions& options, Report& report);

// The functions of core/kernels on tokens of noise, each on a GPU beside its ATen twin (modes kernel and aten), with
// the largest error of any number against float64. No model is loaded.
absl::Status BenchKernels(const BenchOptions& options, Report& report);

// Those of one group.
absl::Status BenchKernelsOf(KernelGroup group, const BenchOptions& options, Report& report);

}  // namespace ruyi::bench
