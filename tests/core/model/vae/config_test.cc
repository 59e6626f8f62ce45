#include "core/model/vae/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <tuple>

#include "core/base/error_reasons.h"
#include "core/json/json_file.h"
#include "tests/support/status_matchers.h"

namespace ruyi {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

const std::filesystem::path kSource = RUYI_SOURCE_DIR;

// Returns a configuration of two blocks and nothing else.
json SmallConfig() {
  return {{"ch", 8},
          {"norm_num_groups", 4},
          {"ch_mult", {1, 2}},
          {"down_block_types", {"SpatialDownBlock3D", "SpatialDownBlock3D"}},
          {"up_block_types", {"SpatialUpBlock3D", "SpatialUpBlock3D"}}};
}

json With(const std::string& key, json value) {
  json config = SmallConfig();
  config[key] = std::move(value);
  return config;
}

TEST(ParseVaeConfig, ReadsTheFullModel) {
  ASSERT_OK_AND_ASSIGN(const json manifest, ReadJsonFile(kSource / "tests/golden/manifest/vae_246m.json"));
  ASSERT_OK_AND_ASSIGN(const VaeConfig config, ParseVaeConfig(manifest["config"]));
  EXPECT_THAT(config.block_channels, ElementsAre(128, 256, 512, 512));
  EXPECT_EQ(config.latent_channels, 16);
  EXPECT_EQ(config.layers_per_block, 2);
  EXPECT_EQ(config.norm_groups, 32);
  EXPECT_EQ(config.mid_attention, VaeAttentionType::kFull);
  EXPECT_EQ(config.temporal_mode, VaeTemporalMode::kSlice);
  EXPECT_EQ(config.encoder_chunk, 8);
  EXPECT_EQ(config.decoder_chunk, 2);
  EXPECT_EQ(config.scaling_factor, 0.13025);
  EXPECT_FALSE(config.always_float32);
  EXPECT_FALSE(config.spatial_norm);
  EXPECT_EQ(config.down_blocks[0].resampling, VaeResampling::kSpatial);
  EXPECT_EQ(config.down_blocks[1].resampling, VaeResampling::kSpatialTemporal);
  EXPECT_EQ(config.up_blocks[3].resampling, VaeResampling::kSpatialTemporal);
}

TEST(ParseVaeConfig, ReadsTheSmallModels) {
  ASSERT_OK_AND_ASSIGN(const json cache, ReadJsonFile(kSource / "tests/golden/models/tiny-cache/vae/config.json"));
  ASSERT_OK_AND_ASSIGN(const VaeConfig config, ParseVaeConfig(cache));
  EXPECT_EQ(config.temporal_mode, VaeTemporalMode::kCache);
  EXPECT_TRUE(config.spatial_norm);
  ASSERT_OK_AND_ASSIGN(const json demo, ReadJsonFile(kSource / "models/ruyi-tiny/vae/config.json"));
  EXPECT_THAT(ParseVaeConfig(demo), IsOk());
}

TEST(ParseVaeConfig, AbsentKeysTakeTheReferencesDefaults) {
  json object = SmallConfig();
  for (const char* key : {"ch", "norm_num_groups", "ch_mult"})
    object.erase(key);
  object["down_block_types"] = std::vector<std::string>(4, "DownBlock3D");
  object["up_block_types"] = std::vector<std::string>(4, "SpatialUpBlock3D");
  ASSERT_OK_AND_ASSIGN(const VaeConfig config, ParseVaeConfig(object));
  EXPECT_EQ(config.in_channels, 3);
  EXPECT_EQ(config.out_channels, 3);
  EXPECT_EQ(config.latent_channels, 4);
  EXPECT_THAT(config.block_channels, ElementsAre(128, 256, 512, 512));
  EXPECT_EQ(config.layers_per_block, 2);
  EXPECT_EQ(config.norm_groups, 32);
  EXPECT_EQ(config.mid_attention, VaeAttentionType::kFull);
  EXPECT_EQ(config.activation, VaeActivation::kSilu);
  EXPECT_EQ(config.temporal_mode, VaeTemporalMode::kChunks);
  EXPECT_EQ(config.encoder_chunk, 9);
  EXPECT_EQ(config.decoder_chunk, 3);
  EXPECT_EQ(config.scaling_factor, 0.1825);
  EXPECT_FALSE(config.tiles_encoder);
  EXPECT_FALSE(config.tiles_decoder);
  EXPECT_EQ(config.tile_pixels, 384);
  EXPECT_EQ(config.tile_overlap, 0.25);
}

TEST(ParseVaeConfig, TilesBothSidesOrOne) {
  const std::tuple<const char*, bool, bool> keys[] = {
      {"use_tiling", true, true}, {"use_tiling_encoder", true, false}, {"use_tiling_decoder", false, true}};
  for (const auto& [key, encoder, decoder] : keys) {
    ASSERT_OK_AND_ASSIGN(const VaeConfig config, ParseVaeConfig(With(key, true)));
    EXPECT_EQ(config.tiles_encoder, encoder) << key;
    EXPECT_EQ(config.tiles_decoder, decoder) << key;
  }
}

TEST(ParseVaeConfig, ReadsTheSizeOfTiles) {
  json object = SmallConfig();
  object.update({{"tile_sample_min_size", 96}, {"tile_overlap_factor", 0.5}});
  ASSERT_OK_AND_ASSIGN(const VaeConfig config, ParseVaeConfig(object));
  EXPECT_EQ(config.tile_pixels, 96);
  EXPECT_EQ(config.tile_overlap, 0.5);
}

// Blocks of SmallConfig make one latent of 2 x 2 pixels.
TEST(ParseVaeConfig, RefusesTilesThatLeadNowhere) {
  const std::tuple<int, double, const char*> tiles[] = {
      {0, 0.25, "tile_sample_min_size is 0, must be 1 to 1048576"},
      {1 << 21, 0.25, "tile_sample_min_size is 2097152, must be 1 to 1048576"},
      {96, 1.0, "tile_overlap_factor is 1, must be at least 0 and less than 1"},
      {96, -0.1, "tile_overlap_factor is -0.1, must be"},
      {3, 0.25, "tile_sample_min_size 3 with tile_overlap_factor 0.25 leaves no latent from tile to tile"},
      {96, 0.99, "tile_sample_min_size 96 with tile_overlap_factor 0.99 leaves no latent from tile to tile"}};
  for (const auto& [pixels, overlap, message] : tiles) {
    json object = SmallConfig();
    object.update({{"tile_sample_min_size", pixels}, {"tile_overlap_factor", overlap}});
    EXPECT_THAT(ParseVaeConfig(object), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr(message)));
  }
}

TEST(SpatialScale, CountsTheBlocksThatResampleSpace) {
  using enum VaeResampling;
  EXPECT_EQ(SpatialScale({{.resampling = kSpatial}}), 1);  // the last block never does
  EXPECT_EQ(SpatialScale({{.resampling = kSpatial}, {.resampling = kNone}}), 2);
  EXPECT_EQ(SpatialScale({{.resampling = kSpatialTemporal}, {.resampling = kTemporal}, {.resampling = kSpatial}}), 2);
  EXPECT_EQ(SpatialScale({{.resampling = kSpatial}, {.resampling = kSpatialTemporal}, {.resampling = kNone}}), 4);
}

TEST(ParseVaeConfig, KnowsTheTemporalModes) {
  const std::pair<json, VaeTemporalMode> modes[] = {
      {{{"slice_mag_vae", true}}, VaeTemporalMode::kChunks},
      {{{"slice_mag_vae", false}}, VaeTemporalMode::kPlain},
      {{{"slice_compression_vae", true}}, VaeTemporalMode::kSlice},
      {{{"slice_mag_vae", false}, {"slice_compression_vae", true}}, VaeTemporalMode::kSlice},
      {{{"cache_compression_vae", true}}, VaeTemporalMode::kCache},
      {{{"cache_compression_vae", true}, {"slice_compression_vae", true}}, VaeTemporalMode::kCache}};
  for (const auto& [keys, mode] : modes) {
    json config = SmallConfig();
    config.update(keys);
    EXPECT_EQ(ParseVaeConfig(config)->temporal_mode, mode) << keys;
  }
}

TEST(ParseVaeConfig, KnowsTheActivations) {
  const std::pair<const char*, VaeActivation> activations[] = {
      {"elu", VaeActivation::kElu},   {"GELU", VaeActivation::kGelu}, {"Mish", VaeActivation::kMish},
      {"relu", VaeActivation::kRelu}, {"SiLU", VaeActivation::kSilu}, {"swish", VaeActivation::kSilu}};
  for (const auto& [name, activation] : activations)
    EXPECT_EQ(ParseVaeConfig(With("act_fn", name))->activation, activation) << name;
}

TEST(ParseVaeConfig, KnowsTheAttentionsOfTheMidBlock) {
  const std::pair<const char*, VaeAttentionType> types[] = {{"3d", VaeAttentionType::kFull},
                                                            {"spatial", VaeAttentionType::kSpatial},
                                                            {"temporal", VaeAttentionType::kTemporal},
                                                            {"spatial_temporal", VaeAttentionType::kSpatialTemporal}};
  for (const auto& [name, type] : types)
    EXPECT_EQ(ParseVaeConfig(With("mid_block_attention_type", name))->mid_attention, type) << name;
  EXPECT_EQ(ParseVaeConfig(With("mid_block_use_attention", false))->mid_attention, VaeAttentionType::kNone);
}

TEST(ParseVaeConfig, KnowsTheBlocks) {
  json object = SmallConfig();
  object["ch_mult"] = {1, 1, 1, 1, 1};
  object["down_block_types"] = {"DownBlock3D", "SpatialAttnDownBlock3D", "TemporalDownBlock3D",
                                "TemporalAttnDownBlock3D", "SpatialTemporalDownBlock3D"};
  object["up_block_types"] = {"SpatialUpBlock3D", "SpatialAttnUpBlock3D", "TemporalUpBlock3D", "TemporalAttnUpBlock3D",
                              "SpatialTemporalUpBlock3D"};
  ASSERT_OK_AND_ASSIGN(const VaeConfig config, ParseVaeConfig(object));
  const auto resampling = [](const VaeBlockType& block) { return block.resampling; };
  const auto attention = [](const VaeBlockType& block) { return block.attention; };
  const auto temporal = testing::AllOf(testing::ResultOf(resampling, VaeResampling::kTemporal),
                                       testing::ResultOf(attention, VaeAttentionType::kTemporal));
  const auto spatial = testing::AllOf(testing::ResultOf(resampling, VaeResampling::kSpatial),
                                      testing::ResultOf(attention, VaeAttentionType::kSpatial));
  EXPECT_EQ(config.down_blocks[0].resampling, VaeResampling::kNone);
  EXPECT_THAT(config.down_blocks[1], spatial);
  EXPECT_EQ(config.down_blocks[2].resampling, VaeResampling::kTemporal);
  EXPECT_EQ(config.down_blocks[2].attention, VaeAttentionType::kNone);
  EXPECT_THAT(config.down_blocks[3], temporal);
  EXPECT_EQ(config.down_blocks[4].resampling, VaeResampling::kSpatialTemporal);
  EXPECT_EQ(config.up_blocks[0].resampling, VaeResampling::kSpatial);
  EXPECT_THAT(config.up_blocks[1], spatial);
  EXPECT_EQ(config.up_blocks[2].resampling, VaeResampling::kTemporal);
  EXPECT_THAT(config.up_blocks[3], temporal);
}

TEST(ParseVaeConfig, IgnoresKeysOfOlderVersions) {
  EXPECT_THAT(ParseVaeConfig(With("block_out_channels", {1, 2, 3})), IsOk());
  EXPECT_THAT(ParseVaeConfig(With("use_gc_blocks", nullptr)), IsOk());
}

TEST(ParseVaeConfig, RefusesWhatIsNotBuiltByName) {
  const std::pair<std::string, json> options[] = {
      {"use_gc_blocks", {true}},
      {"mid_block_type", "MidBlock2D"},
      {"mid_block_attention_type", "diagonal"},
      {"act_fn", "tanh"},
      {"down_block_types", {"SpatialDownBlock3D", "DownBlock2D"}},
      {"up_block_types", {"UpBlock3D", "SpatialUpBlock3D"}},
  };
  for (const auto& [key, value] : options) {
    const absl::Status status = ParseVaeConfig(With(key, value)).status();
    EXPECT_THAT(status, StatusIs(absl::StatusCode::kUnimplemented, HasSubstr(key)));
    EXPECT_THAT(status, HasReason(reason::kFeatureNotBuilt));
  }
}

TEST(ParseVaeConfig, RefusesCountsBelowOne) {
  for (const char* key :
       {"in_channels", "out_channels", "latent_channels", "layers_per_block", "norm_num_groups", "num_attention_heads",
        "mid_block_num_attention_heads", "mini_batch_encoder", "mini_batch_decoder"}) {
    for (const int value : {0, -1})
      EXPECT_THAT(ParseVaeConfig(With(key, value)), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr(key)));
  }
}

TEST(ParseVaeConfig, RefusesValuesOfAnotherType) {
  const std::pair<std::string, json> options[] = {{"in_channels", "3"},
                                                  {"ch", 1.5},
                                                  {"ch_mult", 2},
                                                  {"ch_mult", {1, "2"}},
                                                  {"down_block_types", "SpatialDownBlock3D"},
                                                  {"up_block_types", {1, 2}},
                                                  {"act_fn", 1},
                                                  {"mid_block_type", true},
                                                  {"mid_block_use_attention", 1},
                                                  {"mid_block_attention_type", 3},
                                                  {"slice_mag_vae", "yes"},
                                                  {"slice_compression_vae", 1},
                                                  {"cache_compression_vae", 0},
                                                  {"use_tiling", "no"},
                                                  {"use_tiling_encoder", 1},
                                                  {"use_tiling_decoder", "true"},
                                                  {"tile_sample_min_size", 38.5},
                                                  {"tile_overlap_factor", "0.25"},
                                                  {"scaling_factor", "0.1"},
                                                  {"spatial_group_norm", 1},
                                                  {"upcast_vae", "true"},
                                                  {"mini_batch_decoder", 2.5}};
  for (const auto& [key, value] : options)
    EXPECT_THAT(ParseVaeConfig(With(key, value)), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr(key)));
}

TEST(ParseVaeConfig, NeedsTheBlocks) {
  for (const char* key : {"down_block_types", "up_block_types"}) {
    json config = SmallConfig();
    config.erase(key);
    EXPECT_THAT(ParseVaeConfig(config), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr(key)));
  }
}

TEST(ParseVaeConfig, RefusesValuesThatDoNotFitTogether) {
  const std::pair<json, const char*> options[] = {
      {With("ch_mult", {1, 2, 4}), "equally long, are 3, 2, 2"},
      {With("ch_mult", json::array()), "equally long, are 0, 2, 2"},
      {With("up_block_types", {"SpatialUpBlock3D"}), "equally long, are 2, 2, 1"},
      {With("down_block_types", {"SpatialDownBlock3D"}), "equally long, are 2, 1, 2"},
      {With("ch", 6), "gives 6 channels, must be a positive multiple of norm_num_groups 4"},
      {With("ch", 0), "ch is 0"},
      {With("ch_mult", {1, -1}), "one of ch_mult -1"},
      {With("mid_block_num_attention_heads", 3), "mid_block_num_attention_heads 3 does not divide 16 channels"},
      {With("ch_mult", std::vector<int>(17, 1)), "ch_mult has 17 values, at most 16"},
      {With("num_attention_heads", 16), "num_attention_heads 16 does not divide 8 channels"},
  };
  for (const auto& [config, message] : options)
    EXPECT_THAT(ParseVaeConfig(config), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr(message)));
}

}  // namespace
}  // namespace ruyi
