#include "core/sampler/sampler_config.h"

#include <limits>
#include <string>

#include "absl/strings/str_format.h"
#include "core/base/error_info.h"
#include "core/base/error_reasons.h"
#include "core/base/status_macros.h"
#include "core/json/json_file.h"

namespace ruyi {
namespace {

using nlohmann::json;

absl::Status NotBuilt(std::string_view option, std::string_view value, std::string_view expected) {
  return ErrorWithReason(
      absl::StatusCode::kUnimplemented,
      absl::StrFormat("scheduler option %s = %s is not supported; expected %s", option, value, expected),
      reason::kFeatureNotBuilt);
}

absl::Status RefuseIfTrue(const json& config, std::string_view option, bool fallback) {
  RUYI_ASSIGN_OR_RETURN(const bool value, GetBool(config, option, fallback));
  return value ? NotBuilt(option, "true", "false") : absl::OkStatus();
}

absl::Status RefuseUnbuiltOptions(const json& config) {
  RUYI_RETURN_IF_ERROR(RefuseIfTrue(config, "clip_sample", /*fallback=*/true));
  RUYI_RETURN_IF_ERROR(RefuseIfTrue(config, "thresholding", /*fallback=*/false));
  RUYI_RETURN_IF_ERROR(RefuseIfTrue(config, "rescale_betas_zero_snr", /*fallback=*/false));
  if (HasValue(config, "trained_betas"))
    return NotBuilt("trained_betas", "a list", "beta_start and beta_end");
  RUYI_ASSIGN_OR_RETURN(const std::string spacing, GetString(config, "timestep_spacing", "leading"));
  return spacing == "leading" ? absl::OkStatus() : NotBuilt("timestep_spacing", spacing, "leading");
}

absl::StatusOr<int> IntInRange(const json& config, std::string_view option, int64_t fallback, int64_t least) {
  constexpr int64_t kMost = 1'000'000;
  RUYI_ASSIGN_OR_RETURN(const int64_t value, GetInt(config, option, fallback));
  if (value < least || value > kMost) {
    return absl::FailedPreconditionError(
        absl::StrFormat("scheduler option %s = %d must lie in [%d, %d]", option, value, least, kMost));
  }
  return static_cast<int>(value);
}

absl::StatusOr<double> Beta(const json& config, std::string_view option, double fallback) {
  RUYI_ASSIGN_OR_RETURN(const double value, GetDouble(config, option, fallback));
  if (!(value > 0 && value < 1)) {
    return absl::FailedPreconditionError(
        absl::StrFormat("scheduler option %s = %g must lie between 0 and 1", option, value));
  }
  return value;
}

absl::StatusOr<BetaSchedule> ParseBetaSchedule(const json& config) {
  RUYI_ASSIGN_OR_RETURN(const std::string name, GetString(config, "beta_schedule", "linear"));
  if (name == "linear")
    return BetaSchedule::kLinear;
  if (name == "scaled_linear")
    return BetaSchedule::kScaledLinear;
  return NotBuilt("beta_schedule", name, "linear or scaled_linear");
}

absl::StatusOr<PredictionType> ParsePrediction(const json& config) {
  RUYI_ASSIGN_OR_RETURN(const std::string name, GetString(config, "prediction_type", "epsilon"));
  if (name == "epsilon")
    return PredictionType::kEpsilon;
  if (name == "v_prediction")
    return PredictionType::kVPrediction;
  return NotBuilt("prediction_type", name, "epsilon or v_prediction");
}

}  // namespace

absl::StatusOr<SamplerConfig> ParseSamplerConfig(const json& json) {
  RUYI_RETURN_IF_ERROR(RefuseUnbuiltOptions(json));
  SamplerConfig config;
  RUYI_ASSIGN_OR_RETURN(config.schedule.train_timesteps, IntInRange(json, "num_train_timesteps", 1000, 1));
  RUYI_ASSIGN_OR_RETURN(config.schedule.beta_start, Beta(json, "beta_start", 0.0001));
  RUYI_ASSIGN_OR_RETURN(config.schedule.beta_end, Beta(json, "beta_end", 0.02));
  RUYI_ASSIGN_OR_RETURN(config.schedule.beta_schedule, ParseBetaSchedule(json));
  RUYI_ASSIGN_OR_RETURN(config.steps_offset, IntInRange(json, "steps_offset", 0, 0));
  RUYI_ASSIGN_OR_RETURN(config.prediction, ParsePrediction(json));
  RUYI_ASSIGN_OR_RETURN(config.set_alpha_to_one, GetBool(json, "set_alpha_to_one", true));
  return config;
}

}  // namespace ruyi
