// Holds low-rank changes of linear layers, which leave the layers' own weights as they are: W + up · down. Before it:
// core/lora. After it: core/model/layers/linear.h. Values; thread-safe.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <map>
#include <string>

namespace ruyi {

struct LayerUpdate {
  at::Tensor up;    // [out, rank], strength and alpha included
  at::Tensor down;  // [rank, in]
};

// The updates by the layer's name: "blocks.0.attn1.to_q".
using LayerUpdates = std::map<std::string, LayerUpdate, std::less<>>;

struct LayerShape {
  int64_t out = 0;
  int64_t in = 0;
  int64_t kernel_area = 1;  // of a convolution, whose weights are [out, in / kernel_area, ...]
};
using LayerShapes = std::map<std::string, LayerShape, std::less<>>;

}  // namespace ruyi
