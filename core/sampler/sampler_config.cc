#include "core/sampler/sampler_config.h"

#include <algorithm>
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

absl::Status RefuseUnless(const json& config, std::string_view option, std::string_view expected) {
  RUYI_ASSIGN_OR_RETURN(const std::string value, GetString(config, option, std::string(expected)));
  return value == expected ? absl::OkStatus() : NotBuilt(option, value, expected);
}

absl::Status RefuseIfSet(const json& config, std::string_view option) {
  return HasValue(config, option) ? NotBuilt(option, config[std::string(option)].dump(), "null") : absl::OkStatus();
}

// Refuses options that some scheduler of diffusers would honour and that are not built here.
absl::Status RefuseUnbuiltOptions(const json& config) {
  RUYI_RETURN_IF_ERROR(RefuseIfTrue(config, "clip_sample", /*fallback=*/true));
  for (const std::string_view option :
       {"thresholding", "rescale_betas_zero_snr", "skip_prk_steps", "use_karras_sigmas", "use_exponential_sigmas",
        "use_beta_sigmas", "use_lu_lambdas", "euler_at_final"}) {
    RUYI_RETURN_IF_ERROR(RefuseIfTrue(config, option, /*fallback=*/false));
  }
  for (const std::string_view option :
       {"trained_betas", "sigma_min", "sigma_max", "variance_type", "lambda_min_clipped"}) {
    RUYI_RETURN_IF_ERROR(RefuseIfSet(config, option));
  }
  RUYI_RETURN_IF_ERROR(RefuseUnless(config, "interpolation_type", "linear"));
  RUYI_RETURN_IF_ERROR(RefuseUnless(config, "timestep_type", "discrete"));
  RUYI_RETURN_IF_ERROR(RefuseUnless(config, "final_sigmas_type", "zero"));
  RUYI_RETURN_IF_ERROR(RefuseUnless(config, "algorithm_type", "dpmsolver++"));
  RUYI_RETURN_IF_ERROR(RefuseUnless(config, "solver_type", "midpoint"));
  RUYI_ASSIGN_OR_RETURN(const bool lower_order_final, GetBool(config, "lower_order_final", true));
  if (!lower_order_final)
    return NotBuilt("lower_order_final", "false", "true");
  RUYI_ASSIGN_OR_RETURN(const int64_t order, GetInt(config, "solver_order", 2));
  return order == 2 ? absl::OkStatus() : NotBuilt("solver_order", absl::StrFormat("%d", order), "2");
}

absl::StatusOr<std::optional<TimestepSpacing>> ParseSpacing(const json& config) {
  if (!HasValue(config, "timestep_spacing"))
    return std::nullopt;
  RUYI_ASSIGN_OR_RETURN(const std::string name, GetString(config, "timestep_spacing"));
  if (name == "leading")
    return TimestepSpacing::kLeading;
  if (name == "linspace")
    return TimestepSpacing::kLinspace;
  if (name == "trailing")
    return TimestepSpacing::kTrailing;
  return NotBuilt("timestep_spacing", name, "leading, linspace or trailing");
}

absl::StatusOr<std::optional<bool>> ParseSetAlphaToOne(const json& config) {
  if (!HasValue(config, "set_alpha_to_one"))
    return std::nullopt;
  RUYI_ASSIGN_OR_RETURN(const bool value, GetBool(config, "set_alpha_to_one"));
  return value;
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
  RUYI_ASSIGN_OR_RETURN(config.spacing, ParseSpacing(json));
  RUYI_ASSIGN_OR_RETURN(config.set_alpha_to_one, ParseSetAlphaToOne(json));
  return config;
}

absl::Status CheckSteps(const SamplerConfig& config, int steps) {
  const int train_timesteps = config.schedule.train_timesteps;
  if (steps >= 1 && steps <= train_timesteps)
    return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrFormat("%d steps: a model trained with %d timesteps takes 1 to as many", steps, train_timesteps));
}

absl::Status CheckTimesteps(const SamplerConfig& config, const std::vector<double>& timesteps) {
  const double last = *std::max_element(timesteps.begin(), timesteps.end());
  if (last < config.schedule.train_timesteps)
    return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrFormat(
      "with steps_offset %d the sampler begins at timestep %g, but the model knows %d; take fewer steps",
      config.steps_offset, last, config.schedule.train_timesteps));
}

}  // namespace ruyi
