#include "core/pipeline/ruyi/run_fingerprint.h"

#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_format.h"

namespace ruyi {
namespace {

int64_t BitsOf(double value) {
  int64_t bits = 0;
  static_assert(sizeof(bits) == sizeof(value));
  std::memcpy(&bits, &value, sizeof(bits));
  return bits;
}

template <typename Enum>
int64_t Number(Enum value) {
  return static_cast<int64_t>(value);
}

template <typename T>
std::vector<int64_t> ListOf(const std::optional<T>& value) {
  return value.has_value() ? std::vector<int64_t>{static_cast<int64_t>(*value)} : std::vector<int64_t>();
}

std::vector<int64_t> LettersOf(std::string_view text) {
  return {text.begin(), text.end()};
}

void PutPictures(std::string_view name, const std::vector<PictureRef>& pictures, TensorState& state) {
  std::string digests;
  for (const PictureRef& picture : pictures)
    digests += picture.pixels_sha256 + "\n";
  state.PutIntegers(name, LettersOf(digests));
}

void PutLoras(const std::vector<LoraSettings>& loras, TensorState& state) {
  for (size_t i = 0; i < loras.size(); ++i) {
    state.PutIntegers(absl::StrFormat("loras.%d.name", i), LettersOf(loras[i].name));
    state.PutIntegers(absl::StrFormat("loras.%d.strength", i), {BitsOf(loras[i].strength)});
  }
}

// Returns what decides the numbers; widened arithmetic has none, as it was before there was another.
std::vector<int64_t> NumbersOf(const Fp8Settings& fp8) {
  if (fp8.mode == Fp8Mode::kNone)
    return {};
  if (fp8.arithmetic == Fp8Arithmetic::kWidened)
    return {Number(fp8.mode), Number(fp8.type)};
  return {Number(fp8.mode), Number(fp8.type), Number(fp8.arithmetic)};
}

void PutOptions(const VideoSpec& spec, TensorState& state) {
  state.PutIntegers("fp8", NumbersOf(spec.fp8));
  if (spec.tea_cache.has_value()) {
    state.PutIntegers("tea_cache", {BitsOf(spec.tea_cache->threshold), spec.tea_cache->skip_start_steps,
                                    spec.tea_cache->skip_end_steps});
  }
  if (spec.enhance.has_value()) {
    state.PutIntegers("enhance",
                      {BitsOf(spec.enhance->weight), spec.enhance->skip_start_steps, spec.enhance->skip_end_steps});
  }
  if (spec.easy_cache.has_value()) {
    state.PutIntegers("easy_cache", {BitsOf(spec.easy_cache->threshold), spec.easy_cache->skip_start_steps,
                                     spec.easy_cache->skip_end_steps});
  }
  if (spec.guidance_gate.has_value())
    state.PutIntegers("guidance_gate", {BitsOf(spec.guidance_gate->start_ratio)});
}

TensorState OfSpec(const VideoSpec& spec) {
  TensorState state;
  PutPictures("start_pictures", spec.start_pictures, state);
  PutPictures("end_pictures", spec.end_pictures, state);
  state.PutIntegers("size", {spec.size.width, spec.size.height});
  state.PutIntegers("frame_count", {spec.frame_count});
  state.PutIntegers("latents", {spec.latents.channels, spec.latents.frames, spec.latents.height, spec.latents.width});
  state.PutIntegers("camera", {Number(spec.camera)});
  state.PutIntegers("motion", ListOf(spec.motion));
  state.PutIntegers("sampler", {Number(spec.sampler)});
  state.PutIntegers("steps", {spec.steps});
  state.PutIntegers("guidance", {BitsOf(spec.guidance_scale), BitsOf(spec.guidance_rescale)});
  state.PutIntegers("clip_apply_ratio", {BitsOf(spec.clip_apply_ratio)});
  state.PutIntegers("seed", {static_cast<int64_t>(spec.seed)});
  PutLoras(spec.loras, state);
  PutOptions(spec, state);
  return state;
}

std::vector<int64_t> ShapeOf(const DitConfig& config) {
  return {config.heads,      config.head_dim,     config.in_channels, config.out_channels,
          config.patch_size, config.layers,       config.ff_dim,      config.cross_attention_dim,
          config.t5_dim,     config.pooled_dim,   config.text_length, config.t5_length,
          config.clip_dim,   config.clip_queries, config.has_clip,    config.time_positions};
}

TensorState OfModels(const RuyiModels& models) {
  const VaeConfig& vae = models.vae.config();
  const SamplerConfig& sampler = models.sampler;
  const NoiseScheduleConfig& schedule = sampler.schedule;
  TensorState state;
  state.PutIntegers("dtype", {Number(models.placement.dtype)});
  state.PutIntegers("prompts_dtype", {Number(models.embeddings.stored_type())});
  state.PutIntegers("transformer", ShapeOf(models.dit.config()));
  state.PutIntegers("autoencoder", {vae.latent_channels, Number(vae.temporal_mode), vae.encoder_chunk,
                                    vae.decoder_chunk, BitsOf(vae.scaling_factor)});
  state.PutIntegers("tiles", models.vae.is_tiled() ? std::vector<int64_t>{vae.tile_pixels, BitsOf(vae.tile_overlap)}
                                                   : std::vector<int64_t>());
  state.PutIntegers("noise_schedule", {schedule.train_timesteps, BitsOf(schedule.beta_start), BitsOf(schedule.beta_end),
                                       Number(schedule.beta_schedule)});
  state.PutIntegers("timestep_spacing", ListOf(sampler.spacing));
  state.PutIntegers("set_alpha_to_one", ListOf(sampler.set_alpha_to_one));
  state.PutIntegers("prediction", {Number(sampler.prediction), sampler.steps_offset});
  return state;
}

}  // namespace

TensorState FingerprintOf(const RuyiModels& models, const VideoSpec& spec) {
  TensorState state;
  state.PutPart("spec", OfSpec(spec));
  state.PutPart("model", OfModels(models));
  return state;
}

}  // namespace ruyi
