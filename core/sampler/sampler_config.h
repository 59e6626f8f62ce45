// Reads scheduler/scheduler_config.json: the noise schedule that a model was trained with, which every sampler needs.
// Before it: core/json/json_file. After it: the samplers. A value.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "core/sampler/noise_schedule.h"
#include "core/sampler/timesteps.h"

namespace ruyi {

// Says what the model predicts: the noise itself, or v = sqrt(ᾱ) ε − sqrt(1 − ᾱ) x₀.
enum class PredictionType { kEpsilon, kVPrediction };

struct SamplerConfig {
  NoiseScheduleConfig schedule;
  std::optional<TimestepSpacing> spacing;  // absent: each sampler has its own
  int steps_offset = 0;
  PredictionType prediction = PredictionType::kEpsilon;
  std::optional<bool> set_alpha_to_one;  // ᾱ before the first training step is 1, or that of step 0; absent: by sampler
};

// Reads the options of a scheduler_config.json, with the defaults of diffusers' schedulers (v0.31.0); the reference
// configures every sampler from the one file. FAILED_PRECONDITION: an option of the wrong type or out of range.
// UNIMPLEMENTED with reason FEATURE_NOT_BUILT: an option that would change a result and that is not built, named in the
// message.
absl::StatusOr<SamplerConfig> ParseSamplerConfig(const nlohmann::json& json);

// Returns INVALID_ARGUMENT when `steps` is below 1 or above the training timesteps.
absl::Status CheckSteps(const SamplerConfig& config, int steps);

// Returns INVALID_ARGUMENT when one of `timesteps` lies beyond the training timesteps, which steps_offset can cause.
absl::Status CheckTimesteps(const SamplerConfig& config, const std::vector<double>& timesteps);

}  // namespace ruyi
