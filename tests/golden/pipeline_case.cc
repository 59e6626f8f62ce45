// Kind pipeline: pictures to frames. params as a request, in.init_noise, in.mask_noise, in.image_noise →
// out.input_video_u8, out.input_mask_u8, out.latents [steps, 1, C, f, h, w], out.video [1, 3, F, H, W].
#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/full.h>
#include <ATen/ops/stack.h>

#include <charconv>
#include <utility>

#include "absl/strings/str_format.h"
#include "core/base/status_macros.h"
#include "core/json/json_file.h"
#include "core/media/pillow_resize.h"
#include "core/pipeline/discard.h"
#include "core/pipeline/ruyi/image_tensor.h"
#include "core/pipeline/ruyi/ruyi_pipeline.h"
#include "core/request/limits.h"
#include "tests/golden/case_registry.h"
#include "tests/golden/injected_noise.h"
#include "tests/golden/sampler_kind.h"

namespace ruyi::golden {
namespace {

constexpr std::pair<std::string_view, Camera> kCameras[] = {
    {"auto", Camera::kAuto},   {"static", Camera::kStatic}, {"left", Camera::kLeft},
    {"right", Camera::kRight}, {"up", Camera::kUp},         {"down", Camera::kDown},
};

absl::StatusOr<Camera> ReadCamera(const nlohmann::json& params) {
  RUYI_ASSIGN_OR_RETURN(const std::string name, GetString(params, "camera"));
  for (const auto& [known, camera] : kCameras) {
    if (known == name)
      return camera;
  }
  return absl::FailedPreconditionError(absl::StrFormat("camera %s is unknown", name));
}

absl::StatusOr<std::optional<int>> ReadMotion(const nlohmann::json& params) {
  RUYI_ASSIGN_OR_RETURN(const std::string text, GetString(params, "motion"));
  if (text == "auto")
    return std::nullopt;
  int motion = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), motion);
  if (error != std::errc() || end != text.data() + text.size())
    return absl::FailedPreconditionError(absl::StrFormat("motion %s is no number", text));
  return motion;
}

// Adds the pictures under `key` to `pictures`, in the video's size, and to `references`.
absl::Status ReadPictures(const CaseInput& input, std::string_view key, const PixelSize& size,
                          std::vector<PictureRef>& references, std::vector<RgbImage>& pictures) {
  RUYI_ASSIGN_OR_RETURN(const std::vector<std::string> paths, GetStringList(input.golden.params, key));
  for (const std::string& path : paths) {
    RUYI_ASSIGN_OR_RETURN(const RgbImage image, ReadImage(input.folder / path));
    pictures.push_back(ResizeLikePillow(image, size));
  }
  references.resize(paths.size());
  return absl::OkStatus();
}

absl::Status ReadNumbers(const nlohmann::json& params, VideoSpec& spec) {
  RUYI_ASSIGN_OR_RETURN(spec.size.width, GetInt(params, "width"));
  RUYI_ASSIGN_OR_RETURN(spec.size.height, GetInt(params, "height"));
  RUYI_ASSIGN_OR_RETURN(spec.frame_count, GetInt(params, "frames"));
  RUYI_ASSIGN_OR_RETURN(spec.steps, GetInt(params, "steps"));
  RUYI_ASSIGN_OR_RETURN(spec.guidance_scale, GetDouble(params, "guidance_scale"));
  RUYI_ASSIGN_OR_RETURN(spec.guidance_rescale, GetDouble(params, "guidance_rescale", kGuidanceRescale.default_value));
  RUYI_ASSIGN_OR_RETURN(spec.clip_apply_ratio, GetDouble(params, "clip_apply_ratio", kClipApplyRatio.default_value));
  return absl::OkStatus();
}

absl::StatusOr<TeaCacheSettings> ReadTeaCache(const nlohmann::json& params) {
  TeaCacheSettings settings;
  RUYI_ASSIGN_OR_RETURN(settings.threshold, GetDouble(params, "threshold"));
  RUYI_ASSIGN_OR_RETURN(settings.skip_start_steps, GetInt(params, "skip_start_steps"));
  RUYI_ASSIGN_OR_RETURN(settings.skip_end_steps, GetInt(params, "skip_end_steps"));
  return settings;
}

absl::StatusOr<EnhanceSettings> ReadEnhance(const nlohmann::json& params) {
  EnhanceSettings settings;
  RUYI_ASSIGN_OR_RETURN(settings.weight, GetDouble(params, "weight"));
  RUYI_ASSIGN_OR_RETURN(settings.skip_start_steps, GetInt(params, "skip_start_steps"));
  RUYI_ASSIGN_OR_RETURN(settings.skip_end_steps, GetInt(params, "skip_end_steps"));
  return settings;
}

absl::Status ReadAcceleration(const nlohmann::json& params, VideoSpec& spec) {
  if (HasValue(params, "tea_cache")) {
    RUYI_ASSIGN_OR_RETURN(spec.tea_cache, ReadTeaCache(params["tea_cache"]));
  }
  if (HasValue(params, "enhance_a_video")) {
    RUYI_ASSIGN_OR_RETURN(spec.enhance, ReadEnhance(params["enhance_a_video"]));
  }
  return absl::OkStatus();
}

struct Video {
  VideoSpec spec;
  std::vector<RgbImage> pictures;
};

absl::StatusOr<Video> ReadVideo(const CaseInput& input, const LatentGeometry& geometry) {
  const nlohmann::json& params = input.golden.params;
  Video video;
  VideoSpec& spec = video.spec;
  RUYI_RETURN_IF_ERROR(ReadNumbers(params, spec));
  RUYI_RETURN_IF_ERROR(ReadAcceleration(params, spec));
  RUYI_ASSIGN_OR_RETURN(spec.sampler, ReadSamplerKind(params));
  RUYI_ASSIGN_OR_RETURN(spec.camera, ReadCamera(params));
  RUYI_ASSIGN_OR_RETURN(spec.motion, ReadMotion(params));
  RUYI_RETURN_IF_ERROR(ReadPictures(input, "start_images", spec.size, spec.start_pictures, video.pictures));
  RUYI_RETURN_IF_ERROR(ReadPictures(input, "end_images", spec.size, spec.end_pictures, video.pictures));
  spec.latents = LatentsOf(spec.size, spec.frame_count, geometry);
  return video;
}

// Gathers what the case compares.
struct Recording {
  at::Tensor video;  // [1, 3, F, H, W] uint8: unknown frames show the first picture, as in the reference
  at::Tensor mask;   // [1, 1, F, H, W] uint8
  std::vector<at::Tensor> latents;
  std::vector<at::Tensor> frames;

  void SetClip(const ConditioningClip& clip) {
    std::vector<at::Tensor> pictures;
    std::vector<at::Tensor> masks;
    for (const int frame : clip.frames) {
      const bool unknown = frame == ConditioningClip::kUnknown;
      pictures.push_back(TensorOf(clip.images[unknown ? 0 : frame]));
      masks.push_back(at::full({1, clip.images[0].height, clip.images[0].width}, unknown ? 255 : 0, at::kByte));
    }
    video = at::stack(pictures, 1).unsqueeze(0);
    mask = at::stack(masks, 1).unsqueeze(0);
  }

  NamedTensors Outputs() const {
    return {{"out.input_video_u8", video},
            {"out.input_mask_u8", mask},
            {"out.latents", at::stack(latents)},
            {"out.video", at::cat(frames, 1).unsqueeze(0)}};
  }
};

absl::Status Record(RuyiPipeline& pipeline, const Video& video, NoiseSource& noise, Recording& recording) {
  const RunObserver observer = {
      .on_clip = [&](const ConditioningClip& clip) { recording.SetClip(clip); },
      .on_latents = [&](const at::Tensor& latents) { recording.latents.push_back(latents.clone()); },
      .on_frames = [&](const at::Tensor& frames) { recording.frames.push_back(frames.clone()); }};
  DiscardAll nobody;
  RunControl control = nobody.Of(video.pictures);
  RunContext run = {.control = control, .noise = noise, .observer = observer};
  return pipeline.Run(video.spec, {}, run);
}

}  // namespace

absl::StatusOr<std::vector<CaseOutput>> RunPipelineCase(const CaseInput& input) {
  RUYI_ASSIGN_OR_RETURN(RuyiModels models, LoadRuyiModels(input.golden.model, input.placement));
  RUYI_ASSIGN_OR_RETURN(const Video video, ReadVideo(input, models.geometry()));
  RuyiPipeline pipeline(std::move(models));
  RUYI_ASSIGN_OR_RETURN(const SafetensorsFile file, SafetensorsFile::Open(input.golden.file));
  RUYI_ASSIGN_OR_RETURN(InjectedNoise noise, InjectedNoise::Read(file));
  Recording recording;
  RUYI_RETURN_IF_ERROR(Record(pipeline, video, noise, recording));
  return PairOutputs(input, file, recording.Outputs());
}

}  // namespace ruyi::golden
