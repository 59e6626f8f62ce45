// Measures what each option of a request costs on the demo model, and two ways to lay a LoRA over a layer.
#include <ATen/TensorOperators.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/randn.h>
#include <benchmark/benchmark.h>
#include <c10/core/InferenceMode.h>

#include <functional>
#include <string>
#include <utility>

#include "core/model/layers/linear.h"
#include "core/pipeline/discard.h"
#include "core/pipeline/ruyi/models.h"
#include "core/pipeline/ruyi/ruyi_pipeline.h"
#include "core/quant/fp8.h"
#include "tests/bench/bench_inputs.h"

namespace ruyi {
namespace {

constexpr int kSteps = 25;
constexpr int64_t kRank = 16;

const RuyiModels& Models() {
  static const auto& models = *new RuyiModels(*LoadRuyiModels(DemoModel(), {.dtype = c10::kBFloat16}));
  return models;
}

using Change = std::function<void(VideoInput&)>;

void Request(benchmark::State& state, const RuyiModels& models, const Change& change) {
  RuyiPipeline pipeline(models);
  VideoInput input = DemoVideo(kSteps);
  change(input);
  DiscardProgress progress;
  DiscardFrames frames;
  for (auto _ : state) {
    if (const auto report = Generate(pipeline, input, progress, frames); !report.ok())
      return state.SkipWithError(std::string(report.status().message()).c_str());
  }
}

// A LoRA of rank 16 over every linear layer, and weights as `fp8` says.
RuyiModels WithLora(RuyiModels models, const Fp8Settings& fp8 = {}) {
  DitSettings settings = models.dit.settings();
  settings.rule = Fp8Rule(fp8);
  for (const auto& [layer, shape] : models.dit.linear_layers())
    settings.updates[layer] = {.up = at::randn({shape.out, kRank}) * 0.01, .down = at::randn({kRank, shape.in}) * 0.01};
  models.dit = models.dit.With(settings);
  models.fp8 = fp8;
  return models;
}

// An autoencoder that works in tiles of 64 pixels: 6 of them for a frame of 160x96.
RuyiModels WithTiles(RuyiModels models) {
  VaeConfig config = models.vae.config();
  config.tile_pixels = 64;
  models.vae = models.vae.WithGrids(EncoderGrid(config), DecoderGrid(config));
  return models;
}

// `models` is asked for when the benchmark begins.
void RegisterModels(const std::string& option, const std::function<RuyiModels()>& models, const Change& change) {
  benchmark::RegisterBenchmark(("Options/" + option).c_str(),
                               [models, change](benchmark::State& state) { Request(state, models(), change); })
      ->Unit(benchmark::kMillisecond)
      ->UseRealTime();
}

void RegisterRequest(const std::string& option, const Change& change) {
  RegisterModels(option, &Models, change);
}

// A square layer of `width` over `tokens` tokens in bfloat16, as the transformer computes it: how a LoRA of rank 16
// gets into it.
enum class LoraWay { kNone, kMergedOnTheFly, kSidePath };

void Layer(benchmark::State& state, LoraWay way) {
  const c10::InferenceMode no_gradients;
  const int64_t tokens = state.range(0);
  const int64_t width = state.range(1);
  const auto draw = [](int64_t rows, int64_t columns) { return at::randn({rows, columns}).to(c10::kBFloat16); };
  const LayerUpdate update = {.up = draw(width, kRank), .down = draw(kRank, width)};
  Linear layer = {.weight = {.data = draw(width, width), .scale = {}}, .bias = draw(1, width).squeeze(0), .update = {}};
  if (way == LoraWay::kMergedOnTheFly)
    layer.update = update;
  const at::Tensor x = draw(tokens, width);
  for (auto _ : state) {
    at::Tensor y = layer.Forward(x);
    if (way == LoraWay::kSidePath)
      y += at::linear(at::linear(x, update.down), update.up);
    benchmark::DoNotOptimize(y.data_ptr());
  }
}

void RegisterLayer(const std::string& name, LoraWay way) {
  benchmark::RegisterBenchmark(("LoraLayer/" + name).c_str(), [way](benchmark::State& state) { Layer(state, way); })
      ->ArgNames({"tokens", "width"})
      ->Args({360, 256})
      ->Args({1008, 2816})
      ->Unit(benchmark::kMicrosecond)
      ->UseRealTime();
}

const bool registered = [] {
  RegisterRequest("none", [](VideoInput&) {});
  RegisterRequest("guidance 1", [](VideoInput& input) { input.spec.guidance_scale = 1.0; });
  RegisterRequest("guidance_rescale", [](VideoInput& input) { input.spec.guidance_rescale = 0.7; });
  RegisterRequest("clip_apply_ratio 1", [](VideoInput& input) { input.spec.clip_apply_ratio = 1.0; });
  RegisterRequest("fp8 extreme", [](VideoInput& input) { input.spec.fp8 = {.mode = Fp8Mode::kExtreme}; });
  RegisterRequest("easy_cache", [](VideoInput& input) { input.spec.easy_cache = EasyCacheSettings(); });
  RegisterRequest("guidance_gate", [](VideoInput& input) { input.spec.guidance_gate = GuidanceGateSettings(); });
  RegisterRequest("tea_cache", [](VideoInput& input) { input.spec.tea_cache = TeaCacheSettings(); });
  RegisterRequest("enhance_a_video", [](VideoInput& input) { input.spec.enhance = EnhanceSettings(); });
  RegisterRequest("sampler euler", [](VideoInput& input) { input.spec.sampler = SamplerKind::kEuler; });
  RegisterRequest("sampler pndm", [](VideoInput& input) { input.spec.sampler = SamplerKind::kPndm; });
  RegisterRequest("end image", [](VideoInput& input) { input.SetEnd(input.pictures); });
  RegisterModels("vae_tiling 64", [] { return WithTiles(Models()); }, [](VideoInput&) {});
  RegisterModels("lora of rank 16", [] { return WithLora(Models()); }, [](VideoInput&) {});
  static constexpr Fp8Settings kExtreme = {.mode = Fp8Mode::kExtreme};
  RegisterModels(
      "lora, fp8 extreme, tea_cache, end image", [] { return WithLora(Models(), kExtreme); },
      [](VideoInput& input) {
        input.spec.fp8 = kExtreme;
        input.spec.tea_cache = TeaCacheSettings();
        input.SetEnd(input.pictures);
      });
  RegisterLayer("none", LoraWay::kNone);
  RegisterLayer("merged on the fly", LoraWay::kMergedOnTheFly);
  RegisterLayer("side path", LoraWay::kSidePath);
  return true;
}();

}  // namespace
}  // namespace ruyi
