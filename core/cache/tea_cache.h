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
  double threshold = 0;      // a step is left out while the summed distance lies below this
  int skip_start_steps = 1;  // computed at the beginning; at least 1
  int skip_end_steps = 1;    // computed at the end; at least 1
  bool offload = false;      // what is kept between calls lies in the host's memory
};

class TeaCache {
 public:
  // Serves a request of `steps` steps. When a sampler makes more calls, the cache begins anew after each `steps` calls.
  TeaCache(const TeaCacheOptions& options, int steps);

  // Decides about the next call. `tokens` are the input of the blocks, `modulated` what the first block makes of them.
  // Returns true when the blocks must be computed, and Store called with their output; false when Apply gives that
  // output.
  bool NeedsBlocks(const at::Tensor& tokens, const at::Tensor& modulated);

  // Takes the output of the blocks, after NeedsBlocks has returned true.
  void Store(const at::Tensor& output);

  // Returns `tokens` plus what the blocks added to their input in the last stored call.
  at::Tensor Apply(const at::Tensor& tokens) const;

  // Returns what the cache remembers between two calls. To be called after Store or Apply.
  TensorState Save() const;

  // Goes on where a cache of the same options and steps was saved. Tensors go to `device`, or to the host's memory with
  // the option `offload`. FAILED_PRECONDITION: the state is not that of such a cache; this cache is then as before.
  absl::Status Restore(const TensorState& state, c10::Device device);

  // Returns the numbers of the calls, from 0, whose blocks were left out.
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
