// The stages of the demo request on the demo model, in both types of computation.
#include <benchmark/benchmark.h>
#include <c10/core/InferenceMode.h>

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "core/pipeline/discard.h"
#include "core/pipeline/ruyi/conditioner.h"
#include "core/pipeline/ruyi/denoise_loop.h"
#include "core/pipeline/ruyi/frame_decoder.h"
#include "core/pipeline/ruyi/models.h"
#include "core/pipeline/ruyi/ruyi_pipeline.h"
#include "core/tensor/random_streams.h"
#include "tests/bench/bench_inputs.h"
#include "tests/model_bench/unwatched_run.h"

namespace ruyi {
namespace {

// The demo model, read on first use and kept.
const RuyiModels& Models(c10::ScalarType dtype) {
  static auto& loaded = *new std::map<c10::ScalarType, RuyiModels>;
  if (const auto found = loaded.find(dtype); found != loaded.end())
    return found->second;
  return loaded.emplace(dtype, *LoadRuyiModels(DemoModel(), {.dtype = dtype})).first->second;
}

void Load(benchmark::State& state, c10::ScalarType dtype) {
  for (auto _ : state) {
    if (const auto models = LoadRuyiModels(DemoModel(), {.dtype = dtype}); !models.ok())
      return state.SkipWithError(std::string(models.status().message()).c_str());
  }
}

void WarmUp(benchmark::State& state, c10::ScalarType dtype) {
  RuyiPipelineOptions options;
  options.limits = *LoadRequestLimits(DemoModel());
  RuyiPipeline pipeline(Models(dtype), options);
  for (auto _ : state) {
    if (absl::Status status = pipeline.WarmUp(); !status.ok())
      return state.SkipWithError(std::string(status.message()).c_str());
  }
}

void Conditioning(benchmark::State& state, c10::ScalarType dtype) {
  const c10::InferenceMode no_gradients;
  const VideoInput input = DemoVideo(1);
  bench::UnwatchedRun run(input.pictures);
  for (auto _ : state) {
    if (const auto conditions = Condition(Models(dtype), input.spec, run.context); !conditions.ok())
      return state.SkipWithError(std::string(conditions.status().message()).c_str());
  }
}

// The mean over ten steps after the first. The model sees the picture's CLIP tokens at four of them, as at four of ten
// in any request.
void DenoisingStep(benchmark::State& state, c10::ScalarType dtype) {
  using Clock = std::chrono::steady_clock;
  constexpr int kSteps = 10;
  const c10::InferenceMode no_gradients;
  const VideoInput input = DemoVideo(kSteps + 1);
  std::optional<Clock::time_point> first;
  bench::UnwatchedRun run(input.pictures, [&first](const at::Tensor&) { first = first.value_or(Clock::now()); });
  const auto conditions = Condition(Models(dtype), input.spec, run.context);
  for (auto _ : state) {
    first.reset();
    if (const auto latents = Denoise(Models(dtype), input.spec, *conditions, run.context); !latents.ok())
      return state.SkipWithError(std::string(latents.status().message()).c_str());
    state.SetIterationTime(std::chrono::duration<double>(Clock::now() - *first).count() / kSteps);
  }
}

void DecodeChunk(benchmark::State& state, c10::ScalarType dtype) {
  const c10::InferenceMode no_gradients;
  const LatentShape shape = DemoVideo(1).spec.latents;
  const at::Tensor latents = *RandomStreams(1).Normal(NoisePurpose::kInitialLatents,
                                                      {1, shape.channels, shape.frames, shape.height, shape.width});
  const int frames = DemoVideo(1).spec.frame_count;
  std::optional<FrameDecoder> decoder;
  int64_t decoded = 0;
  for (auto _ : state) {
    if (!decoder.has_value() || decoder->done())
      decoder.emplace(Models(dtype).vae, latents, frames);
    decoded += decoder->Next()->size(1);
  }
  state.counters["frames"] = benchmark::Counter(static_cast<double>(decoded), benchmark::Counter::kAvgIterations);
}

void WholeRequest(benchmark::State& state, c10::ScalarType dtype) {
  RuyiPipeline pipeline(Models(dtype));
  const VideoInput input = DemoVideo(25);
  DiscardProgress progress;
  DiscardFrames frames;
  for (auto _ : state) {
    if (const auto report = Generate(pipeline, input, progress, frames); !report.ok())
      return state.SkipWithError(std::string(report.status().message()).c_str());
  }
}

using StageBench = void (*)(benchmark::State&, c10::ScalarType);

// Wall clock throughout: the work is done by the threads of libtorch.
void Register(const std::string& name, StageBench stage, bool own_time = false) {
  for (const auto& [type, dtype] : {std::pair("float32", c10::kFloat), std::pair("bfloat16", c10::kBFloat16)}) {
    auto* benchmark =
        benchmark::RegisterBenchmark(("RuyiTiny/" + name + "/" + type).c_str(),
                                     [stage, dtype = dtype](benchmark::State& state) { stage(state, dtype); });
    benchmark->Unit(benchmark::kMillisecond);
    own_time ? benchmark->UseManualTime() : benchmark->UseRealTime();
  }
}

const bool registered = [] {
  Register("Load", &Load);
  Register("WarmUp", &WarmUp);
  Register("Conditioning", &Conditioning);
  Register("DenoisingStep", &DenoisingStep, true);
  Register("DecodeChunk", &DecodeChunk);
  Register("WholeRequest/25steps", &WholeRequest);
  return true;
}();

}  // namespace
}  // namespace ruyi
