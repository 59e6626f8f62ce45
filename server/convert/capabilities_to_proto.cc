#include "server/convert/capabilities_to_proto.h"

#include <utility>

#include "core/plan/planner.h"
#include "core/request/quality_profile.h"
#include "server/convert/acceleration_proto.h"
#include "server/convert/fp8_proto.h"
#include "server/convert/sampler_proto.h"

namespace ruyi {
namespace {

void Fill(const Range<int>& range, ruyi::v1::IntRange& proto) {
  proto.set_min(range.min);
  proto.set_max(range.max);
  proto.set_default_(range.default_value);
}

void Fill(const Range<double>& range, ruyi::v1::DoubleRange& proto) {
  proto.set_min(range.min);
  proto.set_max(range.max);
  proto.set_default_(range.default_value);
}

void FillSizes(const RequestLimits& limits, ruyi::v1::Limits& proto) {
  Fill(limits.base_resolution, *proto.mutable_base_resolution());
  proto.set_size_multiple(limits.size_multiple);
  proto.set_min_side(limits.min_side);
  proto.set_max_side(limits.max_side);
  for (const PixelSize& size : limits.sizes) {
    auto* added = proto.add_sizes();
    added->set_width(size.width);
    added->set_height(size.height);
  }
}

void FillImages(const RequestLimits& limits, ruyi::v1::Limits& proto) {
  proto.set_max_start_images(limits.max_start_images);
  proto.set_max_end_images(limits.max_end_images);
  proto.set_max_image_bytes(limits.image.max_bytes);
  proto.set_max_image_pixels(limits.image.max_pixels);
}

void FillGuidance(const RequestLimits& limits, ruyi::v1::Limits& proto) {
  Fill(limits.guidance_scale, *proto.mutable_guidance_scale());
  Fill(kGuidanceRescale, *proto.mutable_guidance_rescale());
  Fill(kClipApplyRatio, *proto.mutable_clip_apply_ratio());
}

void FillAcceleration(const RequestLimits& limits, ruyi::v1::Limits& proto) {
  Fill(kTeaCacheThreshold, *proto.mutable_tea_cache_threshold());
  Fill(kEnhanceWeight, *proto.mutable_enhance_weight());
  Fill(kEasyCacheThreshold, *proto.mutable_easy_cache_threshold());
  Fill(kGuidanceGateStartRatio, *proto.mutable_guidance_gate_start_ratio());
  Fill(kLoraStrength, *proto.mutable_lora_strength());
  proto.set_max_loras(limits.max_loras);
}

void FillProfiles(ruyi::v1::Capabilities& proto) {
  for (const auto& [number, quality] :
       {std::pair(ruyi::v1::QUALITY_LOSSLESS, Quality::kLossless),
        std::pair(ruyi::v1::QUALITY_BALANCED, Quality::kBalanced), std::pair(ruyi::v1::QUALITY_FAST, Quality::kFast)}) {
    ruyi::v1::QualityProfile& profile = *proto.add_profiles();
    profile.set_quality(number);
    FillProfile(ProfileOf(quality), *profile.mutable_acceleration());
  }
}

}  // namespace

ruyi::v1::Capabilities ToProto(const RequestLimits& limits, std::string_view version, int queue_capacity,
                               const std::vector<std::string>& loras) {
  ruyi::v1::Capabilities proto;
  proto.set_model(limits.model_name);
  proto.set_version(std::string(version));
  FillSizes(limits, *proto.mutable_limits());
  Fill(limits.frame_count, *proto.mutable_limits()->mutable_frame_count());
  proto.mutable_limits()->set_frame_multiple(limits.frame_multiple);
  Fill(limits.steps, *proto.mutable_limits()->mutable_steps());
  FillGuidance(limits, *proto.mutable_limits());
  FillAcceleration(limits, *proto.mutable_limits());
  FillImages(limits, *proto.mutable_limits());
  for (const ruyi::v1::Sampler sampler : BuiltSamplers())
    proto.add_samplers(sampler);
  proto.set_frames_per_second(kFramesPerSecond);
  proto.set_queue_capacity(queue_capacity);
  *proto.mutable_fp8() = ToProto(limits.fp8);
  for (const ruyi::v1::Fp8Mode mode : ModesBeside(limits.fp8))
    proto.add_fp8_modes(mode);
  proto.mutable_loras()->Add(loras.begin(), loras.end());
  FillProfiles(proto);
  return proto;
}

}  // namespace ruyi
