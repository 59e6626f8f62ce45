// The functions of core/kernels as ruyi-bench measures them: inputs, and the function, its ATen twin and its float64
// reference on them. Before it: kernel_bench.cc. After it: core/kernels. Values.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/tensor/tensor_placement.h"

namespace ruyi::bench {

struct KernelShape {
  int64_t batch = 2;
  int64_t tokens = 0;  // of one of the batch
  int64_t heads = 0;
  int64_t head_dim = 0;
};

struct KernelCase {
  using Tensors = std::vector<at::Tensor>;
  using Function = std::function<Tensors(const Tensors& inputs)>;

  std::string name;
  Tensors inputs;  // [B, ...] each
  Function kernel;
  Function aten;
  Function reference;
};

using KernelCaseMaker = KernelCase (*)(const KernelShape& shape, const TensorPlacement& placement);

enum class KernelGroup {
  kAttention,
  kTokens,     // of the transformer, but attention
  kFeatures,   // of the autoencoder
  kEightBits,  // of the transformer, products in 8 bits and the rows for them
};

// One for each function of the group; a case is made when it is its turn, since its tensors are large.
std::vector<KernelCaseMaker> KernelCaseMakers(KernelGroup group);

}  // namespace ruyi::bench
