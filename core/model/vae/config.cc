#include "core/model/vae/config.h"

#include <algorithm>
#include <array>
#include <span>
#include <string_view>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "core/base/error_info.h"
#include "core/base/error_reasons.h"
#include "core/base/status_macros.h"
#include "core/json/json_file.h"
#include "core/model/vae/tiling.h"

namespace ruyi {
namespace {

using nlohmann::json;

template <typename T>
using Named = std::pair<std::string_view, T>;

constexpr std::array<Named<VaeActivation>, 6> kActivations = {{
    {"elu", VaeActivation::kElu},
    {"gelu", VaeActivation::kGelu},
    {"mish", VaeActivation::kMish},
    {"relu", VaeActivation::kRelu},
    {"silu", VaeActivation::kSilu},
    {"swish", VaeActivation::kSilu},
}};

constexpr std::array<Named<VaeAttentionType>, 4> kMidAttentions = {{
    {"3d", VaeAttentionType::kFull},
    {"spatial", VaeAttentionType::kSpatial},
    {"temporal", VaeAttentionType::kTemporal},
    {"spatial_temporal", VaeAttentionType::kSpatialTemporal},
}};

constexpr std::array<Named<VaeBlockType>, 6> kDownBlocks = {{
    {"DownBlock3D", {VaeResampling::kNone, VaeAttentionType::kNone}},
    {"SpatialDownBlock3D", {VaeResampling::kSpatial, VaeAttentionType::kNone}},
    {"SpatialAttnDownBlock3D", {VaeResampling::kSpatial, VaeAttentionType::kSpatial}},
    {"TemporalDownBlock3D", {VaeResampling::kTemporal, VaeAttentionType::kNone}},
    {"TemporalAttnDownBlock3D", {VaeResampling::kTemporal, VaeAttentionType::kTemporal}},
    {"SpatialTemporalDownBlock3D", {VaeResampling::kSpatialTemporal, VaeAttentionType::kNone}},
}};

constexpr std::array<Named<VaeBlockType>, 5> kUpBlocks = {{
    {"SpatialUpBlock3D", {VaeResampling::kSpatial, VaeAttentionType::kNone}},
    {"SpatialAttnUpBlock3D", {VaeResampling::kSpatial, VaeAttentionType::kSpatial}},
    {"TemporalUpBlock3D", {VaeResampling::kTemporal, VaeAttentionType::kNone}},
    {"TemporalAttnUpBlock3D", {VaeResampling::kTemporal, VaeAttentionType::kTemporal}},
    {"SpatialTemporalUpBlock3D", {VaeResampling::kSpatialTemporal, VaeAttentionType::kNone}},
}};

absl::Status Unsupported(std::string_view key, std::string_view value, std::string_view supported) {
  return ErrorWithReason(absl::StatusCode::kUnimplemented,
                         absl::StrFormat("vae config: %s = %s is not supported; supported: %s", key, value, supported),
                         reason::kFeatureNotBuilt);
}

absl::Status Invalid(std::string_view message) {
  return absl::FailedPreconditionError(absl::StrFormat("vae config: %s", message));
}

template <typename T>
absl::StatusOr<T> Lookup(std::span<const Named<T>> table, std::string_view key, std::string_view name) {
  const auto found = std::find_if(table.begin(), table.end(), [&](const auto& entry) { return entry.first == name; });
  if (found != table.end()) {
    return found->second;
  }
  return Unsupported(key, name,
                     absl::StrJoin(table, ", ", [](std::string* out, const auto& entry) { out->append(entry.first); }));
}

absl::StatusOr<std::vector<VaeBlockType>> ParseBlocks(const json& object, std::string_view key,
                                                      std::span<const Named<VaeBlockType>> table) {
  RUYI_ASSIGN_OR_RETURN(const std::vector<std::string> names, GetStringList(object, key));
  std::vector<VaeBlockType> blocks;
  for (const std::string& name : names) {
    RUYI_ASSIGN_OR_RETURN(blocks.emplace_back(), Lookup(table, key, name));
  }
  return blocks;
}

absl::Status ParseChannels(const json& object, VaeConfig& config) {
  RUYI_ASSIGN_OR_RETURN(config.in_channels, GetInt(object, "in_channels", config.in_channels));
  RUYI_ASSIGN_OR_RETURN(config.out_channels, GetInt(object, "out_channels", config.out_channels));
  RUYI_ASSIGN_OR_RETURN(config.latent_channels, GetInt(object, "latent_channels", config.latent_channels));
  constexpr int64_t kMaxChannels = 1 << 20;  // far beyond any model
  RUYI_ASSIGN_OR_RETURN(const int64_t ch, GetInt(object, "ch", 128));
  RUYI_ASSIGN_OR_RETURN(config.block_channels, GetIntList(object, "ch_mult", std::vector<int64_t>{1, 2, 4, 4}));
  for (int64_t& channels : config.block_channels) {
    if (ch < 1 || ch > kMaxChannels || channels < 1 || channels > kMaxChannels) {
      return Invalid(
          absl::StrFormat("ch is %d and one of ch_mult %d; both must be 1 to %d", ch, channels, kMaxChannels));
    }
    channels *= ch;
  }
  RUYI_ASSIGN_OR_RETURN(config.layers_per_block, GetInt(object, "layers_per_block", config.layers_per_block));
  RUYI_ASSIGN_OR_RETURN(config.norm_groups, GetInt(object, "norm_num_groups", config.norm_groups));
  RUYI_ASSIGN_OR_RETURN(config.spatial_norm, GetBool(object, "spatial_group_norm", config.spatial_norm));
  return absl::OkStatus();
}

absl::Status ParseMidBlock(const json& object, VaeConfig& config) {
  RUYI_ASSIGN_OR_RETURN(const std::string type, GetString(object, "mid_block_type", "MidBlock3D"));
  if (type != "MidBlock3D") {
    return Unsupported("mid_block_type", type, "MidBlock3D");
  }
  RUYI_ASSIGN_OR_RETURN(const std::string attention, GetString(object, "mid_block_attention_type", "3d"));
  RUYI_ASSIGN_OR_RETURN(const bool use_attention, GetBool(object, "mid_block_use_attention", true));
  if (use_attention) {
    RUYI_ASSIGN_OR_RETURN(config.mid_attention,
                          Lookup<VaeAttentionType>(kMidAttentions, "mid_block_attention_type", attention));
  } else {
    config.mid_attention = VaeAttentionType::kNone;
  }
  RUYI_ASSIGN_OR_RETURN(config.mid_attention_heads, GetInt(object, "mid_block_num_attention_heads", 1));
  return absl::OkStatus();
}

absl::Status ParseBlockTypes(const json& object, VaeConfig& config) {
  RUYI_ASSIGN_OR_RETURN(config.down_blocks, ParseBlocks(object, "down_block_types", kDownBlocks));
  RUYI_ASSIGN_OR_RETURN(config.up_blocks, ParseBlocks(object, "up_block_types", kUpBlocks));
  RUYI_ASSIGN_OR_RETURN(config.attention_heads, GetInt(object, "num_attention_heads", 1));
  RUYI_ASSIGN_OR_RETURN(const std::string activation, GetString(object, "act_fn", "silu"));
  RUYI_ASSIGN_OR_RETURN(config.activation,
                        Lookup<VaeActivation>(kActivations, "act_fn", absl::AsciiStrToLower(activation)));
  return absl::OkStatus();
}

absl::Status ParseTemporalMode(const json& object, VaeConfig& config) {
  RUYI_ASSIGN_OR_RETURN(const bool cache, GetBool(object, "cache_compression_vae", false));
  RUYI_ASSIGN_OR_RETURN(const bool slice, GetBool(object, "slice_compression_vae", false));
  RUYI_ASSIGN_OR_RETURN(const bool chunks, GetBool(object, "slice_mag_vae", true));
  config.temporal_mode = cache    ? VaeTemporalMode::kCache
                         : slice  ? VaeTemporalMode::kSlice
                         : chunks ? VaeTemporalMode::kChunks
                                  : VaeTemporalMode::kPlain;
  RUYI_ASSIGN_OR_RETURN(config.encoder_chunk, GetInt(object, "mini_batch_encoder", config.encoder_chunk));
  RUYI_ASSIGN_OR_RETURN(config.decoder_chunk, GetInt(object, "mini_batch_decoder", config.decoder_chunk));
  RUYI_ASSIGN_OR_RETURN(config.scaling_factor, GetDouble(object, "scaling_factor", config.scaling_factor));
  RUYI_ASSIGN_OR_RETURN(config.always_float32, GetBool(object, "upcast_vae", config.always_float32));
  return absl::OkStatus();
}

absl::Status ParseTiling(const json& object, VaeConfig& config) {
  RUYI_ASSIGN_OR_RETURN(const bool both, GetBool(object, "use_tiling", false));
  RUYI_ASSIGN_OR_RETURN(const bool encoder, GetBool(object, "use_tiling_encoder", false));
  RUYI_ASSIGN_OR_RETURN(const bool decoder, GetBool(object, "use_tiling_decoder", false));
  config.tiles_encoder = both || encoder;
  config.tiles_decoder = both || decoder;
  RUYI_ASSIGN_OR_RETURN(config.tile_pixels, GetInt(object, "tile_sample_min_size", config.tile_pixels));
  RUYI_ASSIGN_OR_RETURN(config.tile_overlap, GetDouble(object, "tile_overlap_factor", config.tile_overlap));
  return absl::OkStatus();
}

absl::Status RefuseUnbuiltFeatures(const json& object) {
  if (HasValue(object, "use_gc_blocks")) {
    return Unsupported("use_gc_blocks", object["use_gc_blocks"].dump(), "null");
  }
  return absl::OkStatus();
}

absl::Status CheckCounts(const VaeConfig& config) {
  constexpr int64_t kMaxCount = 1 << 16;  // far beyond any model
  const std::array<Named<int64_t>, 9> counts = {{
      {"in_channels", config.in_channels},
      {"out_channels", config.out_channels},
      {"latent_channels", config.latent_channels},
      {"layers_per_block", config.layers_per_block},
      {"norm_num_groups", config.norm_groups},
      {"num_attention_heads", config.attention_heads},
      {"mid_block_num_attention_heads", config.mid_attention_heads},
      {"mini_batch_encoder", config.encoder_chunk},
      {"mini_batch_decoder", config.decoder_chunk},
  }};
  for (const auto& [key, value] : counts) {
    if (value < 1 || value > kMaxCount) {
      return Invalid(absl::StrFormat("%s is %d, must be 1 to %d", key, value, kMaxCount));
    }
  }
  if (!(config.scaling_factor > 0)) {
    return Invalid(absl::StrFormat("scaling_factor is %g, must be above 0", config.scaling_factor));
  }
  return absl::OkStatus();
}

absl::Status CheckBlocks(const VaeConfig& config) {
  constexpr size_t kMaxBlocks = 16;  // far beyond any model
  const size_t count = config.block_channels.size();
  if (count > kMaxBlocks) {
    return Invalid(absl::StrFormat("ch_mult has %d values, at most %d are supported", count, kMaxBlocks));
  }
  if (count == 0 || config.down_blocks.size() != count || config.up_blocks.size() != count) {
    return Invalid(absl::StrFormat("ch_mult, down_block_types and up_block_types must be equally long, are %d, %d, %d",
                                   count, config.down_blocks.size(), config.up_blocks.size()));
  }
  for (const int64_t channels : config.block_channels) {
    if (channels < 1 || channels % config.norm_groups != 0) {
      return Invalid(
          absl::StrFormat("ch * ch_mult gives %d channels, must be a positive multiple of norm_num_groups %d", channels,
                          config.norm_groups));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckHeads(const VaeConfig& config) {
  const int64_t deepest = config.block_channels.back();
  if (deepest % config.mid_attention_heads != 0) {
    return Invalid(absl::StrFormat("mid_block_num_attention_heads %d does not divide %d channels",
                                   config.mid_attention_heads, deepest));
  }
  for (const int64_t channels : config.block_channels) {
    if (channels % config.attention_heads != 0) {
      return Invalid(
          absl::StrFormat("num_attention_heads %d does not divide %d channels", config.attention_heads, channels));
    }
  }
  return absl::OkStatus();
}

// Tiles may be switched on for a single request, so they must make sense even where the configuration does without.
absl::Status CheckTiles(const VaeConfig& config) {
  constexpr int64_t kMaxPixels = 1 << 20;  // far beyond any picture
  if (config.tile_pixels < 1 || config.tile_pixels > kMaxPixels) {
    return Invalid(absl::StrFormat("tile_sample_min_size is %d, must be 1 to %d", config.tile_pixels, kMaxPixels));
  }
  if (!(config.tile_overlap >= 0 && config.tile_overlap < 1)) {
    return Invalid(
        absl::StrFormat("tile_overlap_factor is %g, must be at least 0 and less than 1", config.tile_overlap));
  }
  for (const VaeTileGrid& grid : {EncoderGrid(config), DecoderGrid(config)}) {
    if (grid.step < 1) {
      return Invalid(
          absl::StrFormat("tile_sample_min_size %d with tile_overlap_factor %g leaves no latent from tile "
                          "to tile, use larger tiles or less overlap",
                          config.tile_pixels, config.tile_overlap));
    }
  }
  return absl::OkStatus();
}

}  // namespace

int64_t SpatialScale(const std::vector<VaeBlockType>& blocks) {
  return int64_t{1} << std::count_if(blocks.begin(), blocks.end() - 1, [](const VaeBlockType& block) {
           return block.resampling == VaeResampling::kSpatial || block.resampling == VaeResampling::kSpatialTemporal;
         });
}

absl::StatusOr<VaeConfig> ParseVaeConfig(const json& object) {
  VaeConfig config;
  RUYI_RETURN_IF_ERROR(RefuseUnbuiltFeatures(object));
  RUYI_RETURN_IF_ERROR(ParseChannels(object, config));
  RUYI_RETURN_IF_ERROR(ParseBlockTypes(object, config));
  RUYI_RETURN_IF_ERROR(ParseMidBlock(object, config));
  RUYI_RETURN_IF_ERROR(ParseTemporalMode(object, config));
  RUYI_RETURN_IF_ERROR(ParseTiling(object, config));
  RUYI_RETURN_IF_ERROR(CheckCounts(config));
  RUYI_RETURN_IF_ERROR(CheckBlocks(config));
  RUYI_RETURN_IF_ERROR(CheckHeads(config));
  RUYI_RETURN_IF_ERROR(CheckTiles(config));
  return config;
}

}  // namespace ruyi
