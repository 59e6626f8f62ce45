// Describes the fields of VideoSpec and Placement for core/job/json_fields.h. Their names and words are stored, so they
// must not change.
#pragma once

#include "core/job/json_fields.h"
#include "core/plan/placement.h"
#include "core/plan/progress.h"
#include "core/plan/video_spec.h"

namespace ruyi {

template <>
struct EnumWords<Camera> {
  static constexpr std::string_view kWords[] = {"auto", "static", "left", "right", "up", "down"};
};
template <>
struct EnumWords<SamplerKind> {
  static constexpr std::string_view kWords[] = {"ddim", "euler", "euler_ancestral", "dpm_multistep", "pndm"};
};
template <>
struct EnumWords<Fp8Mode> {
  static constexpr std::string_view kWords[] = {"none", "lite", "strong", "extreme"};
};
template <>
struct EnumWords<Fp8Type> {
  static constexpr std::string_view kWords[] = {"e4m3fn", "e5m2"};
};
template <>
struct EnumWords<Fp8Arithmetic> {
  static constexpr std::string_view kWords[] = {"widened", "scaled"};
};
template <>
struct EnumWords<MemoryPolicy> {
  static constexpr std::string_view kWords[] = {"auto", "fastest", "smallest"};
};
template <>
struct EnumWords<EncoderPreset> {
  static constexpr std::string_view kWords[] = {"ultrafast", "superfast", "veryfast", "faster",  "fast",
                                                "medium",    "slow",      "slower",   "veryslow"};
};
template <>
struct EnumWords<Phase> {
  static constexpr std::string_view kWords[] = {"conditioning", "denoising", "decoding"};
};

template <typename Fields, IsA<PixelSize> T>
void Describe(Fields& fields, T& size) {
  fields("width", size.width);
  fields("height", size.height);
}

template <typename Fields, IsA<PictureRef> T>
void Describe(Fields& fields, T& picture) {
  fields("source_sha256", picture.source_sha256);
  fields("pixels_sha256", picture.pixels_sha256);
}

template <typename Fields, IsA<LatentShape> T>
void Describe(Fields& fields, T& shape) {
  fields("channels", shape.channels);
  fields("frames", shape.frames);
  fields("height", shape.height);
  fields("width", shape.width);
}

template <typename Fields, IsA<Fp8Settings> T>
void Describe(Fields& fields, T& fp8) {
  fields("mode", fp8.mode);
  fields("type", fp8.type);
  fields.Unless(Fp8Arithmetic::kWidened, "arithmetic", fp8.arithmetic);
}

template <typename Fields, IsA<LoraSettings> T>
void Describe(Fields& fields, T& lora) {
  fields("name", lora.name);
  fields("strength", lora.strength);
  fields("sha256", lora.sha256);
}

template <typename Fields, IsA<TeaCacheSettings> T>
void Describe(Fields& fields, T& tea_cache) {
  fields("threshold", tea_cache.threshold);
  fields("skip_start_steps", tea_cache.skip_start_steps);
  fields("skip_end_steps", tea_cache.skip_end_steps);
  fields("offload", tea_cache.offload);
}

template <typename Fields, IsA<EnhanceSettings> T>
void Describe(Fields& fields, T& enhance) {
  fields("weight", enhance.weight);
  fields("skip_start_steps", enhance.skip_start_steps);
  fields("skip_end_steps", enhance.skip_end_steps);
}

template <typename Fields, IsA<EasyCacheSettings> T>
void Describe(Fields& fields, T& easy_cache) {
  fields("threshold", easy_cache.threshold);
  fields("skip_start_steps", easy_cache.skip_start_steps);
  fields("skip_end_steps", easy_cache.skip_end_steps);
}

template <typename Fields, IsA<GuidanceGateSettings> T>
void Describe(Fields& fields, T& gate) {
  fields("start_ratio", gate.start_ratio);
}

template <typename Fields, IsA<MemorySettings> T>
void Describe(Fields& fields, T& memory) {
  fields("policy", memory.policy);
  fields("max_vram_mib", memory.max_vram_mib);
  fields("max_host_mib", memory.max_host_mib);
  fields("resident_blocks", memory.resident_blocks);
  fields("resident_states", memory.resident_states);
}

template <typename Fields, IsA<EncodingSettings> T>
void Describe(Fields& fields, T& encoding) {
  fields("crf", encoding.crf);
  fields("preset", encoding.preset);
  fields("fragment_frames", encoding.fragment_frames);
  fields("faststart", encoding.faststart);
}

template <typename Fields, IsA<PreviewSettings> T>
void Describe(Fields& fields, T& preview) {
  fields("every_steps", preview.every_steps);
  fields("width", preview.width);
}

template <typename Fields, IsA<VideoSpec> T>
void Describe(Fields& fields, T& spec) {
  fields("start_pictures", spec.start_pictures);
  fields("end_pictures", spec.end_pictures);
  fields("size", spec.size);
  fields("frame_count", spec.frame_count);
  fields("frames_per_second", spec.frames_per_second);
  fields("latents", spec.latents);
  fields("camera", spec.camera);
  fields("motion", spec.motion);
  fields("sampler", spec.sampler);
  fields("steps", spec.steps);
  fields("guidance_scale", spec.guidance_scale);
  fields("guidance_rescale", spec.guidance_rescale);
  fields("clip_apply_ratio", spec.clip_apply_ratio);
  fields("fp8", spec.fp8);
  fields("loras", spec.loras);
  fields("lora_bytes", spec.lora_bytes);
  fields("tea_cache", spec.tea_cache);
  fields("enhance", spec.enhance);
  fields("easy_cache", spec.easy_cache);
  fields("guidance_gate", spec.guidance_gate);
  fields("vae_tiling", spec.vae_tiling);
  fields("seed", spec.seed);
  fields("memory", spec.memory);
  fields("execution_timeout", spec.execution_timeout);
  fields("encoding", spec.encoding);
  fields("preview", spec.preview);
}

template <typename Fields, IsA<MemoryMode> T>
void Describe(Fields& fields, T& mode) {
  fields("resident_blocks", mode.resident_blocks);
  fields("resident_states", mode.resident_states);
  fields("branches_in_turn", mode.branches_in_turn);
  std::optional<bool> in_slabs = mode.autoencoder_in_slabs;  // absent from what earlier versions have stored
  fields("autoencoder_in_slabs", in_slabs);
  if constexpr (!std::is_const_v<T>)
    mode.autoencoder_in_slabs = in_slabs.value_or(false);
}

template <typename Fields, IsA<StageCost> T>
void Describe(Fields& fields, T& cost) {
  fields("peak_bytes", cost.peak_bytes);
  fields("seconds", cost.seconds);
}

template <typename Fields, IsA<Prediction> T>
void Describe(Fields& fields, T& prediction) {
  fields("mode", prediction.mode);
  fields("stages", prediction.stages);
  fields("raise", prediction.raise);
  std::optional<int64_t> host_bytes = prediction.host_bytes;  // absent from what earlier versions have stored
  fields("host_bytes", host_bytes);
  if constexpr (!std::is_const_v<T>)
    prediction.host_bytes = host_bytes.value_or(0);
}

template <typename Fields, IsA<Placement> T>
void Describe(Fields& fields, T& placement) {
  fields("prediction", placement.prediction);
  fields("fallbacks", placement.fallbacks);
  fields("budget_bytes", placement.budget_bytes);
  fields("reason", placement.reason);
}

template <typename Fields, IsA<Progress> T>
void Describe(Fields& fields, T& progress) {
  fields("phase", progress.phase);
  fields("done", progress.done);
  fields("total", progress.total);
  fields("skipped_steps", progress.skipped_steps);
}

template <typename Fields, IsA<GenerationReport> T>
void Describe(Fields& fields, T& report) {
  fields("mode", report.mode);
  fields("peak_bytes", report.peak_bytes);
  fields("stages", report.stages);
  fields("retries", report.retries);
}

template <typename Fields, IsA<Retry> T>
void Describe(Fields& fields, T& retry) {
  fields("from", retry.from);
  fields("to", retry.to);
  fields("reason", retry.reason);
}

}  // namespace ruyi
