#include "server/convert/request_from_proto.h"

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "core/base/error_info.h"
#include "server/convert/acceleration_proto.h"
#include "server/convert/memory_proto.h"
#include "server/convert/sampler_proto.h"
#include "server/convert/unknown_number.h"

namespace ruyi {
namespace {

using Violations = std::vector<FieldViolation>;

Camera ToCamera(ruyi::v1::Camera proto, Violations& unreadable) {
  switch (proto) {
    case ruyi::v1::CAMERA_UNSPECIFIED:
    case ruyi::v1::CAMERA_AUTO:
      return Camera::kAuto;
    case ruyi::v1::CAMERA_STATIC:
      return Camera::kStatic;
    case ruyi::v1::CAMERA_LEFT:
      return Camera::kLeft;
    case ruyi::v1::CAMERA_RIGHT:
      return Camera::kRight;
    case ruyi::v1::CAMERA_UP:
      return Camera::kUp;
    case ruyi::v1::CAMERA_DOWN:
      return Camera::kDown;
    default:
      unreadable.push_back(UnknownNumber("camera", proto, *ruyi::v1::Camera_descriptor()));
      return Camera::kAuto;
  }
}

SamplerKind ToSampler(ruyi::v1::Sampler proto, Violations& unreadable) {
  const std::optional<SamplerKind> sampler = FromProto(proto);
  if (!sampler.has_value())
    unreadable.push_back(UnknownNumber("sampler", proto, *ruyi::v1::Sampler_descriptor()));
  return sampler.value_or(SamplerKind::kDdim);
}

std::vector<std::string> ToImages(const google::protobuf::RepeatedPtrField<ruyi::v1::ImageInput>& protos,
                                  const std::string& field, Violations& unreadable) {
  std::vector<std::string> images;
  for (int i = 0; i < protos.size(); ++i) {
    if (protos[i].source_case() != ruyi::v1::ImageInput::kData)
      unreadable.push_back({absl::StrFormat("%s[%d]", field, i), "has no source; set data to the bytes of a picture"});
    images.push_back(protos[i].data());
  }
  return images;
}

absl::Duration ToTimeout(const google::protobuf::Duration& proto, Violations& unreadable) {
  constexpr int kNanosPerSecond = 1'000'000'000;
  constexpr int64_t kMaxSeconds = 315'576'000'000;  // what google.protobuf.Duration allows
  const bool in_range = proto.seconds() >= -kMaxSeconds && proto.seconds() <= kMaxSeconds &&
                        proto.nanos() > -kNanosPerSecond && proto.nanos() < kNanosPerSecond;
  const bool signs_agree = proto.seconds() == 0 || proto.nanos() == 0 || (proto.seconds() > 0) == (proto.nanos() > 0);
  if (!in_range || !signs_agree)
    unreadable.push_back({"execution_timeout", "is no valid google.protobuf.Duration"});
  return absl::Seconds(proto.seconds()) + absl::Nanoseconds(proto.nanos());
}

template <typename T, typename Proto>
std::optional<T> Optional(bool has, Proto value) {
  return has ? std::optional<T>(value) : std::nullopt;
}

}  // namespace

GenerationRequest FromProto(const ruyi::v1::GenerateVideoRequest& proto) {
  GenerationRequest request;
  request.start_images = ToImages(proto.start_images(), "start_images", request.unreadable);
  request.end_images = ToImages(proto.end_images(), "end_images", request.unreadable);
  request.base_resolution = Optional<int>(proto.has_base_resolution(), proto.base_resolution());
  if (proto.has_size())
    request.size = PixelSize{.width = proto.size().width(), .height = proto.size().height()};
  request.frame_count = Optional<int>(proto.has_frame_count(), proto.frame_count());
  request.camera = ToCamera(proto.camera(), request.unreadable);
  request.motion = Optional<int>(proto.has_motion(), proto.motion());
  request.sampler = ToSampler(proto.sampler(), request.unreadable);
  request.steps = Optional<int>(proto.has_steps(), proto.steps());
  request.guidance_scale = Optional<double>(proto.has_guidance_scale(), proto.guidance_scale());
  request.guidance_rescale = Optional<double>(proto.has_guidance_rescale(), proto.guidance_rescale());
  request.clip_apply_ratio = Optional<double>(proto.has_clip_apply_ratio(), proto.clip_apply_ratio());
  FillAcceleration(proto.acceleration(), request);
  FillMemory(proto.memory(), request);
  request.seed = Optional<uint64_t>(proto.has_seed(), proto.seed());
  if (proto.has_execution_timeout())
    request.execution_timeout = ToTimeout(proto.execution_timeout(), request.unreadable);
  return request;
}

EstimateRequest FromProto(const ruyi::v1::EstimateVideoRequest& proto) {
  EstimateRequest estimate = {.generation = FromProto(proto.request())};
  if (!proto.has_vram_mib())
    return estimate;
  estimate.budget_bytes = BytesOfMib(proto.vram_mib());
  if (proto.vram_mib() < 1) {
    estimate.generation.unreadable.push_back(
        {"vram_mib", absl::StrFormat("%d is out of range; use 1 or more", proto.vram_mib())});
  }
  return estimate;
}

}  // namespace ruyi
