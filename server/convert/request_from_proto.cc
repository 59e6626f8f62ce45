#include "server/convert/request_from_proto.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "core/base/error_info.h"
#include "server/convert/acceleration_proto.h"
#include "server/convert/encoding_proto.h"
#include "server/convert/memory_proto.h"
#include "server/convert/payload_digest.h"
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

Quality ToQuality(ruyi::v1::Quality proto, Violations& unreadable) {
  switch (proto) {
    case ruyi::v1::QUALITY_BALANCED:
      return Quality::kBalanced;
    case ruyi::v1::QUALITY_FAST:
      return Quality::kFast;
    case ruyi::v1::QUALITY_UNSPECIFIED:
    case ruyi::v1::QUALITY_LOSSLESS:
      return Quality::kLossless;
    default:
      unreadable.push_back(UnknownNumber("quality", proto, *ruyi::v1::Quality_descriptor()));
      return Quality::kLossless;
  }
}

PictureSource ToPicture(const ruyi::v1::ImageInput& proto, const std::string& field, Violations& unreadable) {
  if (proto.source_case() == ruyi::v1::ImageInput::SOURCE_NOT_SET)
    unreadable.push_back(
        {field, "has no source; set data to the bytes of a picture, or image to the name of an upload"});
  if (proto.has_image() && proto.image().empty())
    unreadable.push_back({field, "the name of the upload is empty; send the name that UploadImage answered"});
  return {.data = proto.data(), .upload = proto.image()};
}

// Says how long a list may be, for its refusal.
struct Bounds {
  int min = 0;
  int max = 0;
};

// A list that is too long is refused by its length alone: whatever it costs to look at an entry, a caller cannot make
// it cost more.
bool IsTooLong(int count, const Bounds& bounds, const std::string& field, Violations& unreadable) {
  if (count <= bounds.max)
    return false;
  unreadable.push_back({field, bounds.max == 0
                                   ? absl::StrFormat("%d given; this model takes none", count)
                                   : absl::StrFormat("%d given; send %d to %d", count, bounds.min, bounds.max)});
  return true;
}

std::vector<PictureSource> ToPictures(const google::protobuf::RepeatedPtrField<ruyi::v1::ImageInput>& protos,
                                      const Bounds& bounds, const std::string& field, Violations& unreadable) {
  std::vector<PictureSource> pictures;
  if (IsTooLong(protos.size(), bounds, field, unreadable))
    return pictures;
  for (int i = 0; i < protos.size(); ++i)
    pictures.push_back(ToPicture(protos[i], absl::StrFormat("%s[%d]", field, i), unreadable));
  return pictures;
}

Priority ToPriority(ruyi::v1::Priority proto, Violations& unreadable) {
  switch (proto) {
    case ruyi::v1::PRIORITY_LOW:
      return Priority::kLow;
    case ruyi::v1::PRIORITY_HIGH:
      return Priority::kHigh;
    case ruyi::v1::PRIORITY_UNSPECIFIED:
    case ruyi::v1::PRIORITY_NORMAL:
      return Priority::kNormal;
    default:
      unreadable.push_back(UnknownNumber("priority", proto, *ruyi::v1::Priority_descriptor()));
      return Priority::kNormal;
  }
}

void CheckChoices(const ruyi::v1::GenerateVideoRequest& proto, Violations& unreadable) {
  if (!ruyi::v1::OnDisconnect_IsValid(proto.on_disconnect()))
    unreadable.push_back(UnknownNumber("on_disconnect", proto.on_disconnect(), *ruyi::v1::OnDisconnect_descriptor()));
  if (!ruyi::v1::Reuse_IsValid(proto.reuse()))
    unreadable.push_back(UnknownNumber("reuse", proto.reuse(), *ruyi::v1::Reuse_descriptor()));
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

GenerationRequest FromProto(const ruyi::v1::GenerateVideoRequest& proto, const RequestLimits& limits) {
  GenerationRequest request;
  request.start_images =
      ToPictures(proto.start_images(), {.min = 1, .max = limits.max_start_images}, "start_images", request.unreadable);
  request.end_images =
      ToPictures(proto.end_images(), {.min = 0, .max = limits.max_end_images}, "end_images", request.unreadable);
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
  if (!IsTooLong(proto.acceleration().loras_size(), {.min = 0, .max = limits.max_loras}, "acceleration.loras",
                 request.unreadable))
    FillAcceleration(proto.acceleration(), request);
  request.quality = ToQuality(proto.quality(), request.unreadable);
  FillMemory(proto.memory(), request);
  request.seed = Optional<uint64_t>(proto.has_seed(), proto.seed());
  if (proto.has_execution_timeout())
    request.execution_timeout = ToTimeout(proto.execution_timeout(), request.unreadable);
  FillEncoding(proto.encoding(), request);
  if (proto.has_preview())
    FillPreview(proto.preview(), request);
  return request;
}

JobRequest JobRequestFromProto(const ruyi::v1::GenerateVideoRequest& proto, const RequestLimits& limits) {
  JobRequest request = {.generation = FromProto(proto, limits)};
  Violations& unreadable = request.generation.unreadable;
  request.request_id = proto.request_id();
  if (!IsTooLong(static_cast<int>(proto.labels().size()), {.min = 0, .max = kMaxLabels}, "labels", unreadable))
    request.labels = {proto.labels().begin(), proto.labels().end()};
  request.priority = ToPriority(proto.priority(), unreadable);
  CheckChoices(proto, unreadable);
  request.cancel_on_disconnect = proto.on_disconnect() != ruyi::v1::ON_DISCONNECT_DETACH;
  request.prefers_reuse = proto.reuse() == ruyi::v1::REUSE_PREFER && proto.has_seed();
  request.payload_digest = proto.request_id().empty() ? "" : PayloadDigest(proto);
  return request;
}

EstimateRequest FromProto(const ruyi::v1::EstimateVideoRequest& proto, const RequestLimits& limits) {
  EstimateRequest estimate = {.job = JobRequestFromProto(proto.request(), limits), .budget_bytes = {}};
  if (!proto.has_vram_mib())
    return estimate;
  estimate.budget_bytes = BytesOfMib(proto.vram_mib());
  if (proto.vram_mib() < 1) {
    estimate.job.generation.unreadable.push_back(
        {"vram_mib", absl::StrFormat("%d is out of range; use 1 or more", proto.vram_mib())});
  }
  return estimate;
}

}  // namespace ruyi
