#include "core/plan/planner.h"

#include <string>

namespace ruyi {
namespace {

// Moves pictures to the end of `pixels` and returns what the spec says of them.
std::vector<PictureRef> TakePictures(std::vector<ValidPicture> pictures, std::vector<RgbImage>& pixels) {
  std::vector<PictureRef> references;
  for (ValidPicture& picture : pictures) {
    references.push_back(
        {.source_sha256 = std::move(picture.source_sha256), .pixels_sha256 = std::move(picture.pixels_sha256)});
    pixels.push_back(std::move(picture.pixels));
  }
  return references;
}

// Fills in everything but the pictures, the latents' shape and a seed that is to be drawn.
VideoSpec SpecOf(const ValidatedRequest& request) {
  VideoSpec spec;
  spec.size = request.size;
  spec.frame_count = request.frame_count;
  spec.frames_per_second = kFramesPerSecond;
  spec.camera = request.camera;
  spec.motion = request.motion;
  spec.sampler = request.sampler;
  spec.steps = request.steps;
  spec.guidance_scale = request.guidance_scale;
  spec.guidance_rescale = request.guidance_rescale;
  spec.clip_apply_ratio = request.clip_apply_ratio;
  spec.fp8 = request.fp8;
  spec.loras = request.loras;
  spec.lora_bytes = request.lora_bytes;
  spec.tea_cache = request.tea_cache;
  spec.enhance = request.enhance;
  spec.easy_cache = request.easy_cache;
  spec.guidance_gate = request.guidance_gate;
  spec.vae_tiling = request.vae_tiling;
  spec.memory = request.memory;
  spec.execution_timeout = request.execution_timeout;
  spec.encoding = request.encoding;
  spec.preview = request.preview;
  return spec;
}

}  // namespace

PlannedVideo Planner::Plan(ValidatedRequest request, std::optional<int64_t> device_bytes) const {
  PlannedVideo video = {.spec = SpecOf(request)};
  VideoSpec& spec = video.spec;
  spec.start_pictures = TakePictures(std::move(request.start_pictures), video.pictures);
  spec.end_pictures = TakePictures(std::move(request.end_pictures), video.pictures);
  spec.latents = LatentsOf(spec.size, spec.frame_count, parts_.costs->facts().geometry);
  spec.seed = request.seed.has_value() ? *request.seed : parts_.draw_seed();
  MemoryBudget budget = parts_.available();
  if (device_bytes.has_value()) {
    budget.device_bytes = *device_bytes;
    budget.placed = {};
  }
  video.admission = Admit(*parts_.costs, spec, budget);
  return video;
}

}  // namespace ruyi
