// scheduler/scheduler_config.json: the noise schedule that a model was trained with, as every sampler needs it.
// Before it: core/weights/json_file. After it: the samplers. A value.
#pragma once

#include <nlohmann/json.hpp>
#include <string_view>

#include "absl/status/statusor.h"
#include "core/sampler/noise_schedule.h"

namespace ruyi {

// What the model's answer is: the noise itself, or v = sqrt(ᾱ) ε − sqrt(1 − ᾱ) x₀.
enum class PredictionType { kEpsilon, kVPrediction };

struct SamplerConfig {
  NoiseScheduleConfig schedule;
  int steps_offset = 0;
  PredictionType prediction = PredictionType::kEpsilon;
  bool set_alpha_to_one = true;  // ᾱ before the first training step: 1, or that of step 0
};

// The options of a scheduler_config.json, with the defaults of diffusers' DDIMScheduler (v0.31.0).
// FAILED_PRECONDITION: an option of the wrong type or out of range. UNIMPLEMENTED with reason FEATURE_NOT_BUILT: an
// option that would change the result and that is not built (clip_sample, thresholding, rescale_betas_zero_snr,
// trained_betas, another timestep_spacing, beta_schedule or prediction_type), named in the message.
absl::StatusOr<SamplerConfig> ParseSamplerConfig(const nlohmann::json& json);

}  // namespace ruyi
