#include "core/model/clip_vision/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/error_info.h"
#include "core/base/error_reasons.h"

namespace ruyi {
namespace {

using nlohmann::json;
using testing::HasSubstr;

TEST(ParseClipVisionConfig, ReadsViTL14) {
  const auto config = ParseClipVisionConfig({{"hidden_size", 1024},
                                             {"image_size", 224},
                                             {"intermediate_size", 4096},
                                             {"num_attention_heads", 16},
                                             {"num_hidden_layers", 24},
                                             {"patch_size", 14},
                                             {"projection_dim", 768},
                                             {"hidden_act", "quick_gelu"}});
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->hidden_size, 1024);
  EXPECT_EQ(config->heads, 16);
  EXPECT_EQ(config->layers, 24);
  EXPECT_EQ(config->projection_dim, 768);
  EXPECT_EQ(config->patches(), 256);
}

TEST(ParseClipVisionConfig, AbsentKeysTakeTheReferencesDefaults) {
  const auto config = ParseClipVisionConfig(json::object());
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->hidden_size, 768);
  EXPECT_EQ(config->intermediate_size, 3072);
  EXPECT_EQ(config->projection_dim, 512);
  EXPECT_EQ(config->layers, 12);
  EXPECT_EQ(config->heads, 12);
  EXPECT_EQ(config->channels, 3);
  EXPECT_EQ(config->patches(), 49);
  EXPECT_EQ(config->layer_norm_eps, 1e-5);
  EXPECT_EQ(config->activation, ClipActivation::kQuickGelu);
}

TEST(ParseClipVisionConfig, TakesTheVisionPartOfAWholeModel) {
  const auto config = ParseClipVisionConfig(
      {{"model_type", "clip"}, {"hidden_size", 1}, {"vision_config", {{"hidden_size", 48}, {"hidden_act", "gelu"}}}});
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->hidden_size, 48);
  EXPECT_EQ(config->activation, ClipActivation::kGelu);
}

TEST(ParseClipVisionConfig, RefusesAnotherActivationByName) {
  const absl::Status status = ParseClipVisionConfig({{"hidden_act", "relu"}}).status();
  EXPECT_TRUE(absl::IsUnimplemented(status));
  EXPECT_EQ(GetErrorInfo(status).reason, reason::kFeatureNotBuilt);
  EXPECT_THAT(std::string(status.message()), HasSubstr("relu"));
}

TEST(ParseClipVisionConfig, RefusesWhatDoesNotFit) {
  const std::vector<std::pair<std::string, json>> options = {
      {"hidden_size", 0},     {"hidden_size", "wide"},     {"hidden_size", 770},       {"hidden_size", 1 << 20},
      {"patch_size", 225},    {"patch_size", -1},          {"image_size", 0},          {"num_channels", 0},
      {"layer_norm_eps", 0},  {"layer_norm_eps", "small"}, {"intermediate_size", 0.5}, {"num_hidden_layers", 0},
      {"projection_dim", {}}, {"num_attention_heads", 0},  {"hidden_act", 3}};
  for (const auto& [key, value] : options) {
    const json config = value.is_null() ? json{{key, json::array()}} : json{{key, value}};
    const absl::Status status = ParseClipVisionConfig(config).status();
    EXPECT_TRUE(absl::IsFailedPrecondition(status)) << config << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(key));
  }
}

}  // namespace
}  // namespace ruyi
