#include "server/convert/settings_to_proto.h"

#include "server/convert/acceleration_proto.h"
#include "server/convert/sampler_proto.h"

namespace ruyi {
namespace {

ruyi::v1::Camera ToProto(Camera camera) {
  switch (camera) {
    case Camera::kStatic:
      return ruyi::v1::CAMERA_STATIC;
    case Camera::kLeft:
      return ruyi::v1::CAMERA_LEFT;
    case Camera::kRight:
      return ruyi::v1::CAMERA_RIGHT;
    case Camera::kUp:
      return ruyi::v1::CAMERA_UP;
    case Camera::kDown:
      return ruyi::v1::CAMERA_DOWN;
    case Camera::kAuto:
      break;
  }
  return ruyi::v1::CAMERA_AUTO;
}

}  // namespace

ruyi::v1::VideoSettings SettingsOf(const GenerationPlan& plan) {
  ruyi::v1::VideoSettings settings;
  settings.mutable_size()->set_width(plan.size.width);
  settings.mutable_size()->set_height(plan.size.height);
  settings.set_frame_count(plan.frame_count);
  settings.set_frames_per_second(plan.frames_per_second);
  settings.set_camera(ToProto(plan.camera));
  if (plan.motion.has_value())
    settings.set_motion(*plan.motion);
  settings.set_sampler(ToProto(plan.sampler));
  settings.set_steps(plan.steps);
  settings.set_guidance_scale(plan.guidance_scale);
  settings.set_seed(plan.seed);
  settings.set_guidance_rescale(plan.guidance_rescale);
  settings.set_clip_apply_ratio(plan.clip_apply_ratio);
  *settings.mutable_acceleration() = AccelerationOf(plan);
  if (plan.vae_tiling.has_value())
    settings.mutable_memory()->set_vae_tiling(*plan.vae_tiling);
  return settings;
}

}  // namespace ruyi
