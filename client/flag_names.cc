#include "client/flag_names.h"

#include <charconv>

#include "absl/strings/str_format.h"

namespace ruyi::client {
namespace {

struct FieldFlag {
  std::string_view field;
  std::string_view flag;
};

constexpr FieldFlag kFlags[] = {
    {"start_images", "--image"},
    {"end_images", "--end-image"},
    {"resolution", "--resolution or --size"},
    {"base_resolution", "--resolution"},
    {"size", "--size"},
    {"frame_count", "--frames"},
    {"camera", "--camera"},
    {"motion", "--motion"},
    {"sampler", "--sampler"},
    {"steps", "--steps"},
    {"guidance_scale", "--guidance"},
    {"guidance_rescale", "--guidance-rescale"},
    {"clip_apply_ratio", "--clip-apply-ratio"},
    {"seed", "--seed"},
    {"acceleration.loras", "--lora"},
    {"acceleration.fp8", "--fp8"},
    {"acceleration.fp8.type", "--fp8-type"},
    {"acceleration.fp8.arithmetic", "--fp8-arithmetic"},
    {"acceleration.tea_cache", "--tea-cache"},
    {"acceleration.tea_cache.skip_start_steps", "START of --tea-cache-skip"},
    {"acceleration.tea_cache.skip_end_steps", "END of --tea-cache-skip"},
    {"acceleration.tea_cache.offload", "--tea-cache-offload"},
    {"acceleration.enhance_a_video", "--enhance"},
    {"acceleration.enhance_a_video.skip_start_steps", "START of --enhance-skip"},
    {"acceleration.enhance_a_video.skip_end_steps", "END of --enhance-skip"},
    {"acceleration.easy_cache", "--easy-cache"},
    {"acceleration.easy_cache.skip_start_steps", "START of --easy-cache-skip"},
    {"acceleration.easy_cache.skip_end_steps", "END of --easy-cache-skip"},
    {"acceleration.guidance_gate", "--guidance-gate"},
    {"quality", "--quality"},
    {"memory.vae_tiling", "--vae-tiling"},
    {"memory.policy", "--memory"},
    {"memory.max_vram_mib", "--max-vram"},
    {"memory.max_host_mib", "--max-host"},
    {"memory.resident_blocks", "--resident-blocks"},
    {"memory.resident_states", "--resident-states"},
    {"vram_mib", "--vram"},
    {"request_id", "--request-id"},
    {"labels", "--label"},
    {"priority", "--priority"},
    {"preview", "--preview"},
    {"encoding.crf", "--crf"},
    {"encoding.preset", "--encoder-preset"},
    {"encoding.fragment_frames", "--fragment-frames"},
    {"encoding.faststart", "--faststart"},
    {"reuse", "--reuse"},
    {"timeout", "--timeout"},
    {"mib", "MIB"},
    {"tenant", "--tenant"},
    {"reason", "--reason"},
};

// Returns true when `path` is `field`, an element of it or a part of it.
bool IsIn(std::string_view field, std::string_view path) {
  return path.starts_with(field) &&
         (path.size() == field.size() || path[field.size()] == '.' || path[field.size()] == '[');
}

// The entry of the longest field that `path` is in; null without one.
const FieldFlag* Find(std::string_view path) {
  const FieldFlag* found = nullptr;
  for (const FieldFlag& entry : kFlags) {
    if (IsIn(entry.field, path) && (found == nullptr || entry.field.size() > found->field.size()))
      found = &entry;
  }
  return found;
}

// Returns the field as GenerateVideo names it: CreateVideo names the fields inside its own `request`.
std::string_view InRequest(std::string_view field) {
  constexpr std::string_view kRequest = "request.";
  return field.starts_with(kRequest) ? field.substr(kRequest.size()) : field;
}

// Returns " number 2 (b.png)" for "[1]" or "[1].data"; empty when that element was not given.
std::string NumberText(std::string_view index, const std::vector<std::string>& given) {
  size_t position = 0;
  if (!index.starts_with('[') ||
      std::from_chars(index.data() + 1, index.data() + index.size(), position).ec != std::errc())
    return "";
  return position < given.size() ? absl::StrFormat(" number %d (%s)", position + 1, given[position]) : "";
}

}  // namespace

FlagNames::FlagNames(const RequestOptions& options) {
  given_["--image"] = options.images;
  given_["--end-image"] = options.end_images;
  for (const GivenLora& lora : options.loras)
    given_["--lora"].push_back(lora.name);
}

std::string FlagNames::Of(std::string_view field) const {
  const std::string_view path = InRequest(field);
  const FieldFlag* found = Find(path);
  if (found == nullptr)
    return std::string(field);
  const auto given = given_.find(found->flag);
  const std::string_view index = path.substr(found->field.size());
  return std::string(found->flag) + (given == given_.end() ? "" : NumberText(index, given->second));
}

}  // namespace ruyi::client
