#include "core/pipeline/ruyi/facts_of.h"

#include <ATen/core/TensorBody.h>
#include <ATen/ops/empty_like.h>
#include <c10/core/ScalarType.h>

#include <algorithm>
#include <vector>

#include "core/quant/fp8.h"

namespace ruyi {
namespace {

TileFacts TilesOf(const VaeConfig& config) {
  return {.side = static_cast<int>(config.tile_pixels),
          .overlap = config.tile_overlap,
          .is_default = config.tiles_encoder && config.tiles_decoder};
}

// Returns the bytes of the keys and values of the text, of the picture, and of the filler that stands in for it, in
// every block.
int64_t ConditionBytes(const DitConfig& config, int64_t token_bytes) {
  constexpr int64_t kKeyAndValue = 2;
  const int64_t clip_tokens = config.has_clip ? 2 * config.clip_queries : 0;
  return config.layers * kKeyAndValue * (config.text_tokens() + clip_tokens) * token_bytes;
}

int64_t LargestMatrixBytes(const Dit& dit, c10::ScalarType type) {
  int64_t elements = 0;
  for (const auto& [name, shape] : dit.linear_layers())
    elements = std::max(elements, shape.out * shape.in);
  return elements * static_cast<int64_t>(c10::elementSize(type));
}

// Returns tensors with the shapes and types of `parameters`, but without numbers.
Parameters WithoutNumbers(Parameters parameters) {
  for (auto& [name, tensor] : parameters)
    tensor = at::empty_like(tensor, at::TensorOptions(at::kMeta));
  return parameters;
}

// Returns the transformer's weights as `fp8` stores those of `models`; without a mode, as they are when placed.
StoredWeights StoredAs(const Fp8Settings& fp8, const RuyiModels& models) {
  const TensorPlacement nowhere = {.device = at::kMeta, .dtype = models.placement.dtype};
  const absl::StatusOr<Dit> stored =
      Dit::FromParameters(models.dit.config(), nowhere, WithoutNumbers(models.dit.parameters()), Fp8Rule(fp8));
  return {.fp8 = fp8, .weight_bytes = stored->DeviceBytes(), .ring_bytes = stored->RingBytes(models.placement.device)};
}

// Returns the weights that requests may have in the place of the loaded ones. Those in 8 bits have no others.
std::vector<StoredWeights> InsteadOfLoaded(const RuyiModels& models) {
  if (models.fp8.mode != Fp8Mode::kNone)
    return {};
  std::vector<StoredWeights> instead;
  for (const Fp8Mode mode : {Fp8Mode::kLite, Fp8Mode::kStrong, Fp8Mode::kExtreme}) {
    for (const Fp8Arithmetic arithmetic : {Fp8Arithmetic::kWidened, Fp8Arithmetic::kScaled})
      instead.push_back(StoredAs({.mode = mode, .arithmetic = arithmetic}, models));
  }
  return instead;
}

// Returns the bytes of a token's widest input in 8 bits, which lies beside the numbers that it was made of. A CPU
// widens it to float32 for the product.
int64_t ScaledTokenBytes(const RuyiModels& models) {
  const int64_t number_bytes = models.placement.device.is_cpu() ? 1 + sizeof(float) : 1;
  return number_bytes * models.dit.config().ff_dim;
}

}  // namespace

ModelFacts FactsOf(const RuyiModels& models) {
  const StoredWeights loaded = StoredAs({}, models);
  const DitConfig& config = models.dit.config();
  const VaeConfig& vae = models.vae.config();
  const int64_t token_bytes = config.hidden() * static_cast<int64_t>(c10::elementSize(models.placement.dtype));
  return {.geometry = models.geometry(),
          .tiles = TilesOf(vae),
          .decodes_seams = vae.temporal_mode != VaeTemporalMode::kCache,
          .devices = models.partner_device.has_value() ? 2 : 1,
          .is_on_host = models.placement.device.is_cpu(),
          .blocks = static_cast<int>(config.layers),
          .states = static_cast<int>(config.layers / 2 - 1),
          .heads = static_cast<int>(config.heads),
          .patch_size = static_cast<int>(config.patch_size),
          .token_bytes = token_bytes,
          .condition_bytes = ConditionBytes(config, token_bytes),
          .call_condition_bytes = (config.layers + 2) * token_bytes,
          .ring_bytes = loaded.ring_bytes,
          .weight_bytes = loaded.weight_bytes,
          .largest_matrix_bytes = LargestMatrixBytes(models.dit, models.placement.dtype),
          .fp8 = models.fp8,
          .instead = InsteadOfLoaded(models),
          .scaled_token_bytes = ScaledTokenBytes(models),
          .other_weight_bytes = models.vae.bytes() + models.clip_vision.bytes};
}

}  // namespace ruyi
