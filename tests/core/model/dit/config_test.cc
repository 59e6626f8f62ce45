#include "core/model/dit/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "core/base/error_reasons.h"
#include "core/json/json_file.h"
#include "tests/support/status_matchers.h"

namespace ruyi {
namespace {

using nlohmann::json;
using testing::HasSubstr;

const std::filesystem::path kSource = RUYI_SOURCE_DIR;

TEST(ParseDitConfig, ReadsTheFullModel) {
  ASSERT_OK_AND_ASSIGN(const json manifest, ReadJsonFile(kSource / "tests/golden/manifest/transformer_7b.json"));
  ASSERT_OK_AND_ASSIGN(const DitConfig config, ParseDitConfig(manifest["config"]));
  EXPECT_EQ(config.heads, 32);
  EXPECT_EQ(config.head_dim, 88);
  EXPECT_EQ(config.hidden(), 2816);
  EXPECT_EQ(config.layers, 40);
  EXPECT_EQ(config.in_channels, 48);
  EXPECT_EQ(config.out_channels, 32);
  EXPECT_EQ(config.patch_size, 2);
  EXPECT_EQ(config.ff_dim, 12288);  // int(2816 * 4.3637)
  EXPECT_EQ(config.text_tokens(), 333);
  EXPECT_EQ(config.clip_queries, 16);
  EXPECT_EQ(config.clip_dim, 1024);
  EXPECT_TRUE(config.has_clip);
  EXPECT_TRUE(config.time_positions);
}

TEST(ParseDitConfig, ReadsTheSmallModels) {
  ASSERT_OK_AND_ASSIGN(const json tiny, ReadJsonFile(kSource / "tests/golden/models/tiny/transformer/config.json"));
  ASSERT_OK_AND_ASSIGN(const DitConfig config, ParseDitConfig(tiny));
  EXPECT_EQ(config.hidden(), 64);
  EXPECT_EQ(config.ff_dim, 279);
  EXPECT_EQ(config.cross_attention_dim, 32);
  EXPECT_EQ(config.t5_dim, 48);
  EXPECT_EQ(config.pooled_dim, 32);
  EXPECT_EQ(config.text_length, 7);
  EXPECT_EQ(config.t5_length, 11);
  EXPECT_TRUE(config.has_clip);
  ASSERT_OK_AND_ASSIGN(const json demo, ReadJsonFile(kSource / "models/ruyi-tiny/transformer/config.json"));
  EXPECT_THAT(ParseDitConfig(demo), IsOk());
}

TEST(ParseDitConfig, AbsentKeysTakeTheReferencesDefaults) {
  ASSERT_OK_AND_ASSIGN(const DitConfig config, ParseDitConfig({{"in_channels", 4}, {"hidden_size", nullptr}}));
  EXPECT_EQ(config.heads, 16);
  EXPECT_EQ(config.head_dim, 88);
  EXPECT_EQ(config.patch_size, 2);
  EXPECT_EQ(config.layers, 28);
  EXPECT_EQ(config.ff_dim, 4 * 16 * 88);
  EXPECT_EQ(config.cross_attention_dim, 1024);
  EXPECT_EQ(config.t5_dim, 2048);
  EXPECT_EQ(config.pooled_dim, 1024);
  EXPECT_EQ(config.text_length, 77);
  EXPECT_EQ(config.t5_length, 256);
  EXPECT_EQ(config.clip_queries, 16);
  EXPECT_EQ(config.clip_dim, 768);
}

TEST(ParseDitConfig, TakesNoClipWhereItPredictsItsWholeInput) {
  ASSERT_OK_AND_ASSIGN(const DitConfig with_variance, ParseDitConfig({{"in_channels", 4}}));
  EXPECT_EQ(with_variance.out_channels, 8);
  EXPECT_FALSE(with_variance.has_clip);
  ASSERT_OK_AND_ASSIGN(const DitConfig noise_only, ParseDitConfig({{"in_channels", 4}, {"learn_sigma", false}}));
  EXPECT_EQ(noise_only.out_channels, 4);
  EXPECT_FALSE(noise_only.has_clip);
  ASSERT_OK_AND_ASSIGN(const DitConfig inpainting, ParseDitConfig({{"in_channels", 12}, {"out_channels", 8}}));
  EXPECT_TRUE(inpainting.has_clip);
}

TEST(ParseDitConfig, CanLeaveTimePositionsOut) {
  ASSERT_OK_AND_ASSIGN(const DitConfig config, ParseDitConfig({{"in_channels", 4}, {"time_position_encoding", false}}));
  EXPECT_FALSE(config.time_positions);
}

TEST(ParseDitConfig, RefusesWhatIsNotBuiltByName) {
  const json options[] = {{{"basic_block_type", "motionmodule"}}, {{"activation_fn", "geglu"}}, {{"after_norm", true}}};
  for (json option : options) {
    const std::string key = option.begin().key();
    option["in_channels"] = 4;
    const absl::Status status = ParseDitConfig(option).status();
    EXPECT_THAT(status, StatusIs(absl::StatusCode::kUnimplemented, HasSubstr(key)));
    EXPECT_THAT(status, HasReason(reason::kFeatureNotBuilt));
  }
}

TEST(ParseDitConfig, RefusesCountsBelowOne) {
  for (const char* key : {"num_attention_heads", "attention_head_dim", "patch_size", "num_layers",
                          "cross_attention_dim", "cross_attention_dim_t5", "pooled_projection_dim", "text_len",
                          "text_len_t5", "n_query", "projection_dim", "out_channels", "in_channels"}) {
    for (const int value : {0, -2}) {
      json config = {{"in_channels", 4}, {"out_channels", 8}};
      config[key] = value;
      EXPECT_THAT(ParseDitConfig(config), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr(key)));
    }
  }
}

TEST(ParseDitConfig, RefusesValuesOfAnotherType) {
  const std::vector<std::pair<std::string, json>> options = {
      {"in_channels", "four"},   {"num_layers", 1.5},   {"learn_sigma", 1},   {"out_channels", "8"},
      {"hidden_size", "wide"},   {"mlp_ratio", "4"},    {"after_norm", "no"}, {"time_position_encoding", 0},
      {"basic_block_type", 1},   {"activation_fn", {}}, {"patch_size", "2"},  {"text_len", true},
      {"attention_head_dim", {}}};
  for (const auto& [key, value] : options) {
    json config = {{"in_channels", 4}};
    config[key] = value.is_null() ? json::array() : value;
    EXPECT_THAT(ParseDitConfig(config), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr(key))) << config;
  }
}

TEST(ParseDitConfig, NeedsTheInputChannels) {
  EXPECT_THAT(ParseDitConfig(json::object()),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("in_channels")));
}

TEST(ParseDitConfig, RefusesValuesThatDoNotFitTogether) {
  const std::pair<json, const char*> options[] = {
      {{{"hidden_size", 1400}}, "hidden_size is 1400, must be num_attention_heads * attention_head_dim = 1408"},
      {{{"mlp_ratio", 0}}, "mlp_ratio"},
      {{{"mlp_ratio", -4}}, "mlp_ratio"},
      {{{"num_layers", 27}}, "num_layers is 27, must be even"},
      {{{"attention_head_dim", 90}}, "attention_head_dim is 90, must be a multiple of 4"},
      {{{"n_query", 15}}, "n_query is 15, must be a square number"},
      {{{"cross_attention_dim", 1000}}, "cross_attention_dim 1000 is not a multiple of num_attention_heads 16"},
      {{{"cross_attention_dim_t5", 2044}}, "cross_attention_dim_t5 is 2044, must be a multiple of 8"},
  };
  for (auto [config, message] : options) {
    config["in_channels"] = 4;
    EXPECT_THAT(ParseDitConfig(config), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr(message)));
  }
}

}  // namespace
}  // namespace ruyi
