#include "core/sampler/sampler_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/error_info.h"
#include "core/base/error_reasons.h"

namespace ruyi {
namespace {

using nlohmann::json;
using testing::HasSubstr;

// What Ruyi-Mini-7B's scheduler_config.json says.
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
  EXPECT_FALSE(config->set_alpha_to_one);
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
  EXPECT_TRUE(config->set_alpha_to_one);
}

TEST(ParseSamplerConfig, RefusesWhatIsNotBuiltByName) {
  const std::vector<std::pair<std::string, json>> options = {{"clip_sample", true},
                                                             {"clip_sample", nullptr},
                                                             {"thresholding", true},
                                                             {"rescale_betas_zero_snr", true},
                                                             {"trained_betas", {0.1, 0.2}},
                                                             {"timestep_spacing", "trailing"},
                                                             {"timestep_spacing", "linspace"},
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
