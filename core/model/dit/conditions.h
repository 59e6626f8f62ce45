// Holds what the transformer is told beside the latents: texts, sizes and the CLIP picture. Before it:
// core/pipeline/ruyi's conditions. After it: Dit::Prepare. A value.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace ruyi {

// The conditions of a request, of any float type and device. B is 1, or 2 with classifier-free guidance: without the
// condition, with it.
struct DitConditions {
  at::Tensor text;         // [B, text_length, cross]
  at::Tensor text_mask;    // [B, text_length], 0 where a learnt filler stands in
  at::Tensor t5;           // [B, t5_length, t5]
  at::Tensor t5_mask;      // [B, t5_length]
  at::Tensor sizes;        // [B, 6]: original height and width, target height and width, crop top and left, in pixels
  at::Tensor clip_tokens;  // [B, n, clip]; with has_clip only
  at::Tensor clip_mask;    // [B, clip_queries]; with has_clip only

  // Returns the conditions of one branch alone: B = 1.
  DitConditions Branch(int64_t row) const;
};

}  // namespace ruyi
