#include "core/model/dit/conditions.h"

#include <ATen/core/TensorBody.h>

namespace ruyi {

DitConditions DitConditions::Branch(int64_t row) const {
  const auto of = [&](const at::Tensor& x) { return x.defined() ? x.narrow(0, row, 1) : x; };
  return {.text = of(text),
          .text_mask = of(text_mask),
          .t5 = of(t5),
          .t5_mask = of(t5_mask),
          .sizes = of(sizes),
          .clip_tokens = of(clip_tokens),
          .clip_mask = of(clip_mask)};
}

}  // namespace ruyi
