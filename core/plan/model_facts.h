// Holds what the cost model must know of a loaded model. These numbers are counted, not measured. Before it:
// core/pipeline. After it: core/plan/cost_model. A value.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/plan/latent_shape.h"
#include "core/request/generation_request.h"

namespace ruyi {

// The overlapping tiles of the autoencoder.
struct TileFacts {
  int side = 0;             // pixels
  double overlap = 0;       // share of the side
  bool is_default = false;  // the model's configuration asks for tiles
};

// The bytes of the transformer's weights, stored as `fp8` says.
struct StoredWeights {
  Fp8Settings fp8;                    // whose type of 8 bits does not count here
  std::vector<int64_t> weight_bytes;  // as in ModelFacts
  std::vector<int64_t> ring_bytes;    // as in ModelFacts
};

struct ModelFacts {
  LatentGeometry geometry;
  TileFacts tiles;
  bool decodes_seams = false;  // the frames around the seams of chunks are encoded and decoded once more

  int devices = 1;  // 2: each computes one branch of guidance

  // The device is a CPU: what lies on it lies in the host's memory. A GPU's copies in the host's memory are pinned, in
  // slabs of a power of two (core/base/power_slabs.h).
  bool is_on_host = false;

  // These describe the transformer.
  int blocks = 0;
  int states = 0;  // the states that skip connections carry
  int heads = 0;
  int patch_size = 1;                  // latents per token, both ways
  int64_t token_bytes = 0;             // of a token's features
  int64_t condition_bytes = 0;         // of one branch's keys and values of text and picture, all blocks
  int64_t call_condition_bytes = 0;    // of one branch's shifts and scales, all blocks, for one call of the model
  std::vector<int64_t> ring_bytes;     // by the number of resident blocks: of the others in the host's memory, a device
  std::vector<int64_t> weight_bytes;   // by the number of resident blocks, slots for the others included
  int64_t largest_matrix_bytes = 0;    // of a linear layer, in the type of the arithmetic
  Fp8Settings fp8;                     // of these weights
  std::vector<StoredWeights> instead;  // which a request may have in the place of these
  int64_t scaled_token_bytes = 0;      // of a token, that products in 8 bits take beside what others take

  int64_t other_weight_bytes = 0;  // of autoencoder and CLIP
};

}  // namespace ruyi
