#include "server/convert/acceleration_proto.h"

#include "server/convert/fp8_proto.h"

namespace ruyi {
namespace {

// Take what the message has of fields that several options share, and fill them in.
template <typename Proto, typename Settings>
void TakeSkips(const Proto& proto, Settings& settings) {
  if (proto.has_skip_start_steps())
    settings.skip_start_steps = proto.skip_start_steps();
  if (proto.has_skip_end_steps())
    settings.skip_end_steps = proto.skip_end_steps();
}

template <typename Proto, typename Settings>
void TakeCache(const Proto& proto, Settings& settings) {
  if (proto.has_threshold())
    settings.threshold = proto.threshold();
  TakeSkips(proto, settings);
}

template <typename Settings, typename Proto>
void FillSkips(const Settings& settings, Proto& proto) {
  proto.set_skip_start_steps(settings.skip_start_steps);
  proto.set_skip_end_steps(settings.skip_end_steps);
}

template <typename Settings, typename Proto>
void FillCache(const Settings& settings, Proto& proto) {
  proto.set_threshold(settings.threshold);
  FillSkips(settings, proto);
}

TeaCacheSettings FromProto(const ruyi::v1::TeaCache& proto) {
  TeaCacheSettings settings = {.offload = proto.offload()};
  TakeCache(proto, settings);
  return settings;
}

EnhanceSettings FromProto(const ruyi::v1::EnhanceAVideo& proto) {
  EnhanceSettings settings;
  if (proto.has_weight())
    settings.weight = proto.weight();
  TakeSkips(proto, settings);
  return settings;
}

EasyCacheSettings FromProto(const ruyi::v1::EasyCache& proto) {
  EasyCacheSettings settings;
  TakeCache(proto, settings);
  return settings;
}

GuidanceGateSettings FromProto(const ruyi::v1::GuidanceGate& proto) {
  GuidanceGateSettings settings;
  if (proto.has_start_ratio())
    settings.start_ratio = proto.start_ratio();
  return settings;
}

LoraSettings FromProto(const ruyi::v1::Lora& proto) {
  LoraSettings settings = {.name = proto.name()};
  if (proto.has_strength())
    settings.strength = proto.strength();
  return settings;
}

void Fill(const TeaCacheSettings& settings, ruyi::v1::TeaCache& proto) {
  FillCache(settings, proto);
  proto.set_offload(settings.offload);
}

void Fill(const EnhanceSettings& settings, ruyi::v1::EnhanceAVideo& proto) {
  proto.set_weight(settings.weight);
  FillSkips(settings, proto);
}

void Fill(const LoraSettings& settings, ruyi::v1::Lora& proto) {
  proto.set_name(settings.name);
  proto.set_strength(settings.strength);
}

}  // namespace

void FillAcceleration(const ruyi::v1::Acceleration& proto, GenerationRequest& request) {
  request.fp8 = ruyi::FromProto(proto.fp8(), request.unreadable);
  for (const ruyi::v1::Lora& lora : proto.loras())
    request.loras.push_back(FromProto(lora));
  if (proto.has_tea_cache())
    request.tea_cache = FromProto(proto.tea_cache());
  if (proto.has_enhance_a_video())
    request.enhance = FromProto(proto.enhance_a_video());
  if (proto.has_easy_cache())
    request.easy_cache = FromProto(proto.easy_cache());
  if (proto.has_guidance_gate())
    request.guidance_gate = FromProto(proto.guidance_gate());
}

void FillProfile(const QualityProfile& profile, ruyi::v1::Acceleration& proto) {
  if (profile.easy_cache.has_value())
    FillCache(*profile.easy_cache, *proto.mutable_easy_cache());
  if (profile.guidance_gate.has_value())
    proto.mutable_guidance_gate()->set_start_ratio(profile.guidance_gate->start_ratio);
}

ruyi::v1::Acceleration AccelerationOf(const VideoSpec& spec) {
  ruyi::v1::Acceleration proto;
  *proto.mutable_fp8() = ToProto(spec.fp8);
  for (const LoraSettings& lora : spec.loras)
    Fill(lora, *proto.add_loras());
  if (spec.tea_cache.has_value())
    Fill(*spec.tea_cache, *proto.mutable_tea_cache());
  if (spec.enhance.has_value())
    Fill(*spec.enhance, *proto.mutable_enhance_a_video());
  FillProfile({.easy_cache = spec.easy_cache, .guidance_gate = spec.guidance_gate}, proto);
  return proto;
}

}  // namespace ruyi
