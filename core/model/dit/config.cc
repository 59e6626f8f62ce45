#include "core/model/dit/config.h"

#include <cmath>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/str_format.h"
#include "core/base/error_info.h"
#include "core/base/error_reasons.h"
#include "core/base/status_macros.h"
#include "core/json/json_file.h"

namespace ruyi {
namespace {

using nlohmann::json;

absl::Status Invalid(std::string_view message) {
  return absl::FailedPreconditionError(absl::StrFormat("transformer config: %s", message));
}

absl::Status RefuseUnbuilt(const json& object, std::string_view key, std::string_view supported) {
  RUYI_ASSIGN_OR_RETURN(const std::string value, GetString(object, key, std::string(supported)));
  if (value == supported)
    return absl::OkStatus();
  return ErrorWithReason(
      absl::StatusCode::kUnimplemented,
      absl::StrFormat("transformer config: %s = %s is not supported; supported: %s", key, value, supported),
      reason::kFeatureNotBuilt);
}

absl::Status RefuseUnbuiltFeatures(const json& object) {
  RUYI_RETURN_IF_ERROR(RefuseUnbuilt(object, "basic_block_type", "basic"));
  RUYI_RETURN_IF_ERROR(RefuseUnbuilt(object, "activation_fn", "gelu-approximate"));
  RUYI_ASSIGN_OR_RETURN(const bool after_norm, GetBool(object, "after_norm", false));
  if (!after_norm)
    return absl::OkStatus();
  return ErrorWithReason(absl::StatusCode::kUnimplemented,
                         "transformer config: after_norm = true is not supported; supported: false",
                         reason::kFeatureNotBuilt);
}

// Far beyond any model, and small enough for products of two.
constexpr int64_t kMaxCount = 1 << 20;

absl::StatusOr<int64_t> GetPositive(const json& object, std::string_view key, std::optional<int64_t> fallback) {
  RUYI_ASSIGN_OR_RETURN(const int64_t value, GetInt(object, key, fallback));
  if (value < 1 || value > kMaxCount)
    return Invalid(absl::StrFormat("%s is %d, must be 1 to %d", key, value, kMaxCount));
  return value;
}

absl::Status ParseCounts(const json& object, DitConfig& config) {
  const std::pair<std::string_view, int64_t*> counts[] = {
      {"num_attention_heads", &config.heads},
      {"attention_head_dim", &config.head_dim},
      {"patch_size", &config.patch_size},
      {"num_layers", &config.layers},
      {"cross_attention_dim", &config.cross_attention_dim},
      {"cross_attention_dim_t5", &config.t5_dim},
      {"pooled_projection_dim", &config.pooled_dim},
      {"text_len", &config.text_length},
      {"text_len_t5", &config.t5_length},
      {"n_query", &config.clip_queries},
      {"projection_dim", &config.clip_dim},
  };
  for (const auto& [key, value] : counts) {
    RUYI_ASSIGN_OR_RETURN(*value, GetPositive(object, key, *value));
  }
  return absl::OkStatus();
}

// The reference takes CLIP tokens whenever its input is more than the latents that it predicts.
absl::Status ParseChannels(const json& object, DitConfig& config) {
  RUYI_ASSIGN_OR_RETURN(config.in_channels, GetPositive(object, "in_channels", std::nullopt));
  RUYI_ASSIGN_OR_RETURN(const bool learn_sigma, GetBool(object, "learn_sigma", true));
  const int64_t predicted = learn_sigma ? config.in_channels * 2 : config.in_channels;
  RUYI_ASSIGN_OR_RETURN(config.out_channels, GetPositive(object, "out_channels", predicted));
  config.has_clip = config.out_channels != predicted;
  return absl::OkStatus();
}

absl::Status ParseWidths(const json& object, DitConfig& config) {
  RUYI_ASSIGN_OR_RETURN(const int64_t hidden, GetInt(object, "hidden_size", config.hidden()));
  if (hidden != config.hidden()) {
    return Invalid(absl::StrFormat("hidden_size is %d, must be num_attention_heads * attention_head_dim = %d", hidden,
                                   config.hidden()));
  }
  RUYI_ASSIGN_OR_RETURN(const double ratio, GetDouble(object, "mlp_ratio", 4.0));
  constexpr double kMaxRatio = 64;
  if (!(ratio * static_cast<double>(hidden) >= 1 && ratio <= kMaxRatio))
    return Invalid(
        absl::StrFormat("mlp_ratio is %g, must be at least 1 / hidden_size and at most %g", ratio, kMaxRatio));
  config.ff_dim = static_cast<int64_t>(static_cast<double>(hidden) * ratio);
  RUYI_ASSIGN_OR_RETURN(config.time_positions, GetBool(object, "time_position_encoding", true));
  return absl::OkStatus();
}

bool IsSquare(int64_t value) {
  const auto root = static_cast<int64_t>(std::sqrt(static_cast<double>(value)));
  return root * root == value;
}

absl::Status CheckShape(const DitConfig& config) {
  if (config.layers % 2 != 0)
    return Invalid(absl::StrFormat("num_layers is %d, must be even", config.layers));
  if (config.head_dim % 4 != 0)
    return Invalid(absl::StrFormat("attention_head_dim is %d, must be a multiple of 4", config.head_dim));
  if (!IsSquare(config.clip_queries))
    return Invalid(absl::StrFormat("n_query is %d, must be a square number", config.clip_queries));
  if (config.cross_attention_dim % config.heads != 0)
    return Invalid(absl::StrFormat("cross_attention_dim %d is not a multiple of num_attention_heads %d",
                                   config.cross_attention_dim, config.heads));
  if (config.t5_dim % DitConfig::kPoolHeads != 0)
    return Invalid(absl::StrFormat("cross_attention_dim_t5 is %d, must be a multiple of %d", config.t5_dim,
                                   DitConfig::kPoolHeads));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<DitConfig> ParseDitConfig(const json& object) {
  DitConfig config;
  RUYI_RETURN_IF_ERROR(RefuseUnbuiltFeatures(object));
  RUYI_RETURN_IF_ERROR(ParseCounts(object, config));
  RUYI_RETURN_IF_ERROR(ParseChannels(object, config));
  RUYI_RETURN_IF_ERROR(ParseWidths(object, config));
  RUYI_RETURN_IF_ERROR(CheckShape(config));
  return config;
}

}  // namespace ruyi
