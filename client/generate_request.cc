#include "client/generate_request.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "client/choices.h"
#include "client/flag_values.h"
#include "client/picture_file.h"

namespace ruyi::client {
namespace {

using Pictures = google::protobuf::RepeatedPtrField<v1::ImageInput>;

absl::Status AddPictures(std::string_view flag, const std::vector<std::string>& paths, Pictures& pictures) {
  for (size_t i = 0; i < paths.size(); ++i) {
    if (IsImageName(paths[i])) {
      pictures.Add()->set_image(paths[i]);
      continue;
    }
    absl::StatusOr<std::string> bytes = ReadPicture(paths[i]);
    if (!bytes.ok()) {
      return absl::Status(bytes.status().code(), absl::StrFormat("%s number %d (%s) %s", flag, i + 1, paths[i],
                                                                 std::string(bytes.status().message())));
    }
    pictures.Add()->set_data(*std::move(bytes));
  }
  return absl::OkStatus();
}

void SetShape(const RequestOptions& options, v1::GenerateVideoRequest& request) {
  if (options.resolution.has_value())
    request.set_base_resolution(*options.resolution);
  if (options.size.has_value()) {
    request.mutable_size()->set_width(options.size->width);
    request.mutable_size()->set_height(options.size->height);
  }
  if (options.frames.has_value())
    request.set_frame_count(*options.frames);
}

void SetSampling(const RequestOptions& options, v1::GenerateVideoRequest& request) {
  request.set_camera(CameraOfName(options.camera));
  request.set_sampler(SamplerOfName(options.sampler));
  if (options.motion.has_value())
    request.set_motion(*options.motion);
  if (options.steps.has_value())
    request.set_steps(*options.steps);
  if (options.guidance.has_value())
    request.set_guidance_scale(*options.guidance);
  if (options.guidance_rescale.has_value())
    request.set_guidance_rescale(*options.guidance_rescale);
  if (options.clip_apply_ratio.has_value())
    request.set_clip_apply_ratio(*options.clip_apply_ratio);
  if (options.seed.has_value())
    request.set_seed(*options.seed);
}

void SetWeights(const RequestOptions& options, v1::GenerateVideoRequest& request) {
  if (!options.fp8.empty())
    request.mutable_acceleration()->mutable_fp8()->set_mode(Fp8ModeOfName(options.fp8));
  if (!options.fp8_type.empty())
    request.mutable_acceleration()->mutable_fp8()->set_type(Fp8TypeOfName(options.fp8_type));
  if (!options.fp8_arithmetic.empty())
    request.mutable_acceleration()->mutable_fp8()->set_arithmetic(Fp8ArithmeticOfName(options.fp8_arithmetic));
  for (const GivenLora& given : options.loras) {
    v1::Lora& lora = *request.mutable_acceleration()->add_loras();
    lora.set_name(given.name);
    if (given.strength.has_value())
      lora.set_strength(*given.strength);
  }
}

template <typename Message>
void SetSkip(const std::optional<SkippedEnds>& skip, Message& message) {
  if (!skip.has_value())
    return;
  message.set_skip_start_steps(skip->start);
  message.set_skip_end_steps(skip->end);
}

void SetTeaCache(const TeaCacheOptions& options, v1::GenerateVideoRequest& request) {
  if (!options.threshold.has_value())
    return;
  v1::TeaCache& tea_cache = *request.mutable_acceleration()->mutable_tea_cache();
  tea_cache.set_threshold(*options.threshold);
  tea_cache.set_offload(options.offload);
  SetSkip(options.skip, tea_cache);
}

void SetEnhance(const EnhanceOptions& options, v1::GenerateVideoRequest& request) {
  if (!options.weight.has_value())
    return;
  v1::EnhanceAVideo& enhance = *request.mutable_acceleration()->mutable_enhance_a_video();
  enhance.set_weight(*options.weight);
  SetSkip(options.skip, enhance);
}

void SetEasyCache(const EasyCacheOptions& options, v1::GenerateVideoRequest& request) {
  if (!options.threshold.has_value())
    return;
  v1::EasyCache& easy_cache = *request.mutable_acceleration()->mutable_easy_cache();
  easy_cache.set_threshold(*options.threshold);
  SetSkip(options.skip, easy_cache);
}

void SetQuality(const RequestOptions& options, v1::GenerateVideoRequest& request) {
  request.set_quality(QualityOfName(options.quality));
  if (options.guidance_gate.has_value())
    request.mutable_acceleration()->mutable_guidance_gate()->set_start_ratio(*options.guidance_gate);
}

void SetMemory(const MemoryOptions& options, v1::GenerateVideoRequest& request) {
  v1::Memory memory;
  if (options.vae_tiling.has_value())
    memory.set_vae_tiling(*options.vae_tiling);
  memory.set_policy(MemoryPolicyOfName(options.policy));
  if (options.max_vram_mib.has_value())
    memory.set_max_vram_mib(*options.max_vram_mib);
  if (options.max_host_mib.has_value())
    memory.set_max_host_mib(*options.max_host_mib);
  if (options.resident_blocks.has_value())
    memory.set_resident_blocks(*options.resident_blocks);
  if (options.resident_states.has_value())
    memory.set_resident_states(*options.resident_states);
  if (memory.ByteSizeLong() > 0)
    *request.mutable_memory() = memory;
}

}  // namespace

absl::StatusOr<v1::GenerateVideoRequest> MakeGenerateRequest(const RequestOptions& options) {
  v1::GenerateVideoRequest request;
  absl::Status status = AddPictures("--image", options.images, *request.mutable_start_images());
  status.Update(AddPictures("--end-image", options.end_images, *request.mutable_end_images()));
  if (!status.ok())
    return status;
  SetShape(options, request);
  SetSampling(options, request);
  SetWeights(options, request);
  SetTeaCache(options.tea_cache, request);
  SetEnhance(options.enhance, request);
  SetEasyCache(options.easy_cache, request);
  SetQuality(options, request);
  SetMemory(options.memory, request);
  return request;
}

}  // namespace ruyi::client
