// Enhance-A-Video: measures how much each place of a frame attends to itself in other frames, as a factor for the
// attention's output. Before and after it: attention.h. Functions without state; thread-safe. Source: Luo et al. 2025
// (Enhance-A-Video); enhance_score of Ruyi-Models.
#pragma once

#include <ATen/core/Tensor.h>

namespace ruyi {

// Returns the factor, a scalar of at least 1, for queries and keys [B, frames * places, heads, head_dim], normalised
// and not rotated. With a single frame it is 1.
at::Tensor EnhanceScore(const at::Tensor& queries, const at::Tensor& keys, int64_t frames, double weight);

}  // namespace ruyi
