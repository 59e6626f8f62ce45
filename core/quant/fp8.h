// Says which weights of the transformer are stored in 8 bits, and how. In widened arithmetic they are rounded as they
// are and widened to the type of the arithmetic layer by layer, so that they save memory and not work; in scaled
// arithmetic each row has a scale, and products are computed in 8 bits. Before it: the server's options or a request.
// After it: core/weights, which asks for each layer. Thread-safe. Source: predict_i2v.py of Ruyi-Models (widened);
// Micikevicius et al. 2022 (FP8 formats).
#pragma once

#include "core/request/generation_request.h"
#include "core/weights/storage_rule.h"

namespace ruyi {

// Returns the rule of a mode. LITE: linear layers of more than 2816² weights. STRONG: those of 2816² too. EXTREME: all
// linear layers and the norms of the blocks, which scaled arithmetic leaves. Without a mode the rule is empty.
StorageRule Fp8Rule(const Fp8Settings& settings);

}  // namespace ruyi
