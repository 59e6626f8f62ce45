#include "core/model/clip_vision/config.h"

#include <string>
#include <utility>

#include "absl/strings/str_format.h"
#include "core/base/error_info.h"
#include "core/base/error_reasons.h"
#include "core/base/status_macros.h"
#include "core/json/json_file.h"

namespace ruyi {
namespace {

using nlohmann::json;

// Beyond any published encoder; keeps every product of two extents within 64 bits.
constexpr int64_t kMostExtent = 1 << 16;

absl::StatusOr<int64_t> Extent(const json& config, std::string_view key, int64_t fallback) {
  RUYI_ASSIGN_OR_RETURN(const int64_t value, GetInt(config, key, fallback));
  if (value < 1 || value > kMostExtent) {
    return absl::FailedPreconditionError(
        absl::StrFormat("image encoder: %s = %d must lie in [1, %d]", key, value, kMostExtent));
  }
  return value;
}

absl::StatusOr<ClipActivation> ParseActivation(const json& config) {
  RUYI_ASSIGN_OR_RETURN(const std::string name, GetString(config, "hidden_act", "quick_gelu"));
  if (name == "quick_gelu")
    return ClipActivation::kQuickGelu;
  if (name == "gelu")
    return ClipActivation::kGelu;
  return ErrorWithReason(
      absl::StatusCode::kUnimplemented,
      absl::StrFormat("image encoder: hidden_act %s is not supported; expected gelu or quick_gelu", name),
      reason::kFeatureNotBuilt);
}

absl::Status Validate(const ClipVisionConfig& config) {
  if (config.hidden_size % config.heads != 0) {
    return absl::FailedPreconditionError(
        absl::StrFormat("image encoder: hidden_size %d must be a multiple of num_attention_heads %d",
                        config.hidden_size, config.heads));
  }
  if (config.patch_size > config.image_size) {
    return absl::FailedPreconditionError(absl::StrFormat(
        "image encoder: patch_size %d must not be larger than image_size %d", config.patch_size, config.image_size));
  }
  if (!(config.layer_norm_eps > 0)) {
    return absl::FailedPreconditionError("image encoder: layer_norm_eps must be positive");
  }
  return absl::OkStatus();
}

absl::StatusOr<ClipVisionConfig> ParseVisionPart(const json& vision) {
  ClipVisionConfig config;
  RUYI_ASSIGN_OR_RETURN(config.image_size, Extent(vision, "image_size", config.image_size));
  RUYI_ASSIGN_OR_RETURN(config.patch_size, Extent(vision, "patch_size", config.patch_size));
  RUYI_ASSIGN_OR_RETURN(config.channels, Extent(vision, "num_channels", config.channels));
  RUYI_ASSIGN_OR_RETURN(config.hidden_size, Extent(vision, "hidden_size", config.hidden_size));
  RUYI_ASSIGN_OR_RETURN(config.intermediate_size, Extent(vision, "intermediate_size", config.intermediate_size));
  RUYI_ASSIGN_OR_RETURN(config.layers, Extent(vision, "num_hidden_layers", config.layers));
  RUYI_ASSIGN_OR_RETURN(config.heads, Extent(vision, "num_attention_heads", config.heads));
  RUYI_ASSIGN_OR_RETURN(config.projection_dim, Extent(vision, "projection_dim", config.projection_dim));
  RUYI_ASSIGN_OR_RETURN(config.layer_norm_eps, GetDouble(vision, "layer_norm_eps", config.layer_norm_eps));
  RUYI_ASSIGN_OR_RETURN(config.activation, ParseActivation(vision));
  RUYI_RETURN_IF_ERROR(Validate(config));
  return config;
}

}  // namespace

absl::StatusOr<ClipVisionConfig> ParseClipVisionConfig(const json& json) {
  constexpr const char* kPart = "vision_config";
  if (!HasValue(json, kPart))
    return ParseVisionPart(json);
  const auto vision = json.find(kPart);
  if (!vision->is_object())
    return absl::FailedPreconditionError(absl::StrFormat("image encoder: %s must be an object", kPart));
  absl::StatusOr<ClipVisionConfig> config = ParseVisionPart(*vision);
  return config.ok() ? std::move(config) : WithPrefix(kPart, config.status());
}

}  // namespace ruyi
