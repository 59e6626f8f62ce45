#include "server/convert/settings_to_proto.h"

#include "server/convert/acceleration_proto.h"
#include "server/convert/encoding_proto.h"
#include "server/convert/sampler_proto.h"
#include "server/convert/time_to_proto.h"

namespace ruyi {
namespace {

ruyi::v1::Camera CameraOf(Camera camera) {
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

ruyi::v1::VideoSettings SettingsOf(const VideoSpec& spec) {
  ruyi::v1::VideoSettings settings;
  settings.mutable_size()->set_width(spec.size.width);
  settings.mutable_size()->set_height(spec.size.height);
  settings.set_frame_count(spec.frame_count);
  settings.set_frames_per_second(spec.frames_per_second);
  settings.set_camera(CameraOf(spec.camera));
  if (spec.motion.has_value())
    settings.set_motion(*spec.motion);
  settings.set_sampler(ToProto(spec.sampler));
  settings.set_steps(spec.steps);
  settings.set_guidance_scale(spec.guidance_scale);
  settings.set_seed(spec.seed);
  settings.set_guidance_rescale(spec.guidance_rescale);
  settings.set_clip_apply_ratio(spec.clip_apply_ratio);
  *settings.mutable_acceleration() = AccelerationOf(spec);
  if (spec.vae_tiling.has_value())
    settings.mutable_memory()->set_vae_tiling(*spec.vae_tiling);
  *settings.mutable_encoding() = ToProto(spec.encoding);
  if (spec.preview.has_value())
    *settings.mutable_preview() = ToProto(*spec.preview);
  if (spec.execution_timeout != absl::InfiniteDuration())
    *settings.mutable_execution_timeout() = ToProto(spec.execution_timeout);
  return settings;
}

}  // namespace ruyi
