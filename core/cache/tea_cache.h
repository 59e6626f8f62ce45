// TeaCache: leaves out steps of the transformer whose input has hardly changed since the last computed one, and takes
// what the blocks added then. Before it: the request's options. After it: core/model/dit asks it before the blocks. One
// per request; not thread-safe. Source: Liu et al. 2024 (TeaCache); TeaCacheParameters of Ruyi-Models.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "absl/status/status.h"
#include "core/tensor/tensor_state.h"

namespace ruyi {

struct TeaCacheOptions {
  double threshold = 0;      // of the summed distance, below which a step is left out
  int skip_start_steps = 1;  // computed at the beginning; at least 1
  int skip_end_steps = 1;    // computed at the end; at least 1
  bool offload = false;      // keep what is kept in the host's memory
};

class TeaCache {
 public:
  // For a request of `steps` steps. A sampler that makes more calls begins anew after as many.
  TeaCache(const TeaCacheOptions& options, int steps);

  // Decides about the next call. `tokens` are the input of the blocks, `modulated` what the first block makes of them.
  // True: compute the blocks, then call Store. False: use Apply.
  bool NeedsBlocks(const at::Tensor& tokens, const at::Tensor& modulated);

  // What came out of the blocks that NeedsBlocks wanted.
  void Store(const at::Tensor& output);

  // `tokens` and what the last stored call added to its own.
  at::Tensor Apply(const at::Tensor& tokens) const;

  // What is remembered between two calls, after Store or Apply.
  TensorState Save() const;

  // Goes on where a cache of the same options and steps was saved. Tensors go to `device`, or to the host's memory
  // where that is asked for. FAILED_PRECONDITION: the state is not one of such a cache, which is then as before.
  absl::Status Restore(const TensorState& state, c10::Device device);

  // The numbers of the calls, from 0, that were left out.
  const std::vector<int>& skipped() const { return skipped_; }

 private:
  bool HasTensorsAfter(int calls) const;
  bool Decide(const at::Tensor& tokens, const at::Tensor& modulated, int step);
  at::Tensor Keep(const at::Tensor& tensor) const;
  double Distance(const at::Tensor& modulated) const;
  void Remember(const at::Tensor& tokens, const at::Tensor& modulated);

  const TeaCacheOptions options_;
  const int steps_;
  int calls_ = 0;
  double distance_ = 0;   // since the last computed step
  at::Tensor modulated_;  // of that step
  at::Tensor tokens_;     // of that step, until its output is stored
  at::Tensor residual_;
  std::vector<int> skipped_;
};

}  // namespace ruyi
