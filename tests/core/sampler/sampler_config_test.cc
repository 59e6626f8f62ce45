#include "core/sampler/sampler_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/error_info.h"
#include "core/base/error_reasons.h"

namespace ruyi {
namespace {

using nlohmann::json;
using testing::HasSubstr;

// Returns Ruyi-Mini-7B's scheduler_config.json.
json RuyiConfig() {
  return {{"_class_name", "DDIMScheduler"},
          {"_diffusers_version", "0.31.0"},
          {"beta_start", 0.00085},
          {"beta_end", 0.03},
          {"beta_schedule", "scaled_linear"},
          {"steps_offset", 1},
          {"prediction_type", "v_prediction"},
          {"clip_sample", false},
          {"num_train_timesteps", 1000},
          {"set_alpha_to_one", false}};
}

TEST(ParseSamplerConfig, ReadsRuyis) {
  const auto config = ParseSamplerConfig(RuyiConfig());
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->schedule.train_timesteps, 1000);
  EXPECT_EQ(config->schedule.beta_start, 0.00085);
  EXPECT_EQ(config->schedule.beta_end, 0.03);
  EXPECT_EQ(config->schedule.beta_schedule, BetaSchedule::kScaledLinear);
  EXPECT_EQ(config->steps_offset, 1);
  EXPECT_EQ(config->prediction, PredictionType::kVPrediction);
  EXPECT_EQ(config->set_alpha_to_one, false);
  EXPECT_EQ(config->spacing, std::nullopt);
}

TEST(ParseSamplerConfig, TakesTheReferencesDefaults) {
  const auto config = ParseSamplerConfig({{"clip_sample", false}});
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->schedule.train_timesteps, 1000);
  EXPECT_EQ(config->schedule.beta_start, 0.0001);
  EXPECT_EQ(config->schedule.beta_end, 0.02);
  EXPECT_EQ(config->schedule.beta_schedule, BetaSchedule::kLinear);
  EXPECT_EQ(config->steps_offset, 0);
  EXPECT_EQ(config->prediction, PredictionType::kEpsilon);
  EXPECT_EQ(config->set_alpha_to_one, std::nullopt);
}

TEST(ParseSamplerConfig, ReadsTheSpacing) {
  const std::vector<std::pair<std::string, TimestepSpacing>> names = {{"leading", TimestepSpacing::kLeading},
                                                                      {"linspace", TimestepSpacing::kLinspace},
                                                                      {"trailing", TimestepSpacing::kTrailing}};
  for (const auto& [name, spacing] : names) {
    const auto config = ParseSamplerConfig({{"clip_sample", false}, {"timestep_spacing", name}});
    ASSERT_TRUE(config.ok()) << config.status();
    EXPECT_EQ(config->spacing, spacing);
  }
}

TEST(ParseSamplerConfig, RefusesWhatIsNotBuiltByName) {
  const std::vector<std::pair<std::string, json>> options = {{"clip_sample", true},
                                                             {"clip_sample", nullptr},
                                                             {"thresholding", true},
                                                             {"rescale_betas_zero_snr", true},
                                                             {"trained_betas", {0.1, 0.2}},
                                                             {"timestep_spacing", "cosine"},
                                                             {"skip_prk_steps", true},
                                                             {"use_karras_sigmas", true},
                                                             {"use_exponential_sigmas", true},
                                                             {"use_beta_sigmas", true},
                                                             {"use_lu_lambdas", true},
                                                             {"euler_at_final", true},
                                                             {"lower_order_final", false},
                                                             {"sigma_min", 0.1},
                                                             {"sigma_max", 9.0},
                                                             {"variance_type", "learned"},
                                                             {"lambda_min_clipped", -5.1},
                                                             {"interpolation_type", "log_linear"},
                                                             {"timestep_type", "continuous"},
                                                             {"final_sigmas_type", "sigma_min"},
                                                             {"algorithm_type", "dpmsolver"},
                                                             {"solver_type", "heun"},
                                                             {"solver_order", 3},
                                                             {"beta_schedule", "squaredcos_cap_v2"},
                                                             {"prediction_type", "sample"}};
  for (const auto& [option, value] : options) {
    json config = RuyiConfig();
    config[option] = value;
    const absl::Status status = ParseSamplerConfig(config).status();
    EXPECT_TRUE(absl::IsUnimplemented(status)) << option;
    EXPECT_EQ(GetErrorInfo(status).reason, reason::kFeatureNotBuilt) << option;
    EXPECT_THAT(std::string(status.message()), HasSubstr(option));
  }
}

TEST(ParseSamplerConfig, RefusesWrongTypesAndRanges) {
  const std::vector<std::pair<std::string, json>> options = {{"num_train_timesteps", 0},
                                                             {"num_train_timesteps", 1000001},
                                                             {"num_train_timesteps", "many"},
                                                             {"beta_start", 0},
                                                             {"beta_start", "low"},
                                                             {"beta_end", 1},
                                                             {"beta_end", -0.1},
                                                             {"steps_offset", -1},
                                                             {"set_alpha_to_one", 1},
                                                             {"prediction_type", 1},
                                                             {"beta_schedule", false},
                                                             {"timestep_spacing", 1},
                                                             {"clip_sample", "no"}};
  for (const auto& [option, value] : options) {
    json config = RuyiConfig();
    config[option] = value;
    const absl::Status status = ParseSamplerConfig(config).status();
    EXPECT_TRUE(absl::IsFailedPrecondition(status)) << option << " = " << value;
    EXPECT_THAT(std::string(status.message()), HasSubstr(option));
  }
}

}  // namespace
}  // namespace ruyi
