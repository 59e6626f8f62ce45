// EasyCache: leaves out calls of the transformer whose prediction it expects to change little, and takes the latents
// plus what the last computed prediction lay away from its own. It needs no constants of the model: how much a
// prediction moves when the latents move is measured at the computed calls. Before it: the request's options. After it:
// core/pipeline's denoising loop asks it before each call. One per request; not thread-safe. Source: Zhou et al. 2025
// (EasyCache), with two branches as its authors' code for Wan2.1 does it: the branch with the condition decides for
// both.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "absl/status/status.h"
#include "core/tensor/tensor_state.h"

namespace ruyi {

struct EasyCacheOptions {
  double threshold = 0;      // a call is left out while the summed change that is expected lies below this
  int skip_start_steps = 1;  // computed at the beginning, the warm-up; at least 1
  int skip_end_steps = 1;    // computed at the end; at least 1
};

class EasyCache {
 public:
  // Serves a request that calls the transformer `calls` times.
  EasyCache(const EasyCacheOptions& options, int calls);

  // Decides about the next call, of which `latents` [1, ...] are what the transformer would see. Returns true when it
  // must be called, and Store be given its predictions; false when Apply gives them. Waits for the device, but not
  // during the warm-up.
  bool NeedsCall(const at::Tensor& latents);

  // Takes the predictions [branches, ...] of the call, the one with the condition last, after NeedsCall has returned
  // true. A later call may have fewer branches, the last ones.
  void Store(const at::Tensor& predictions);

  // Returns the latents of this call plus what the predictions of the last computed call, of as many branches as that
  // had, lay away from its latents.
  at::Tensor Apply() const;

  // Returns what the cache remembers between two calls. To be called after Store or Apply.
  TensorState Save() const;

  // Goes on where a cache of the same options and calls was saved, with its tensors on `device`. FAILED_PRECONDITION:
  // the state is not that of such a cache; this cache is then as before.
  absl::Status Restore(const TensorState& state, c10::Device device);

  // Returns the numbers of the calls, from 0, that were left out.
  const std::vector<int>& skipped() const { return skipped_; }

 private:
  bool Decide(const at::Tensor& latents);

  const EasyCacheOptions options_;
  const int all_calls_;
  int calls_ = 0;
  double change_ = 0;            // expected since the last computed call, relative to the size of its prediction
  at::Tensor latents_;           // of the last call
  at::Tensor computed_latents_;  // of the last computed call
  at::Tensor predictions_;       // of that call
  at::Tensor rate_;              // how far a prediction moves when the latents move by 1; undefined before two calls
  std::vector<int> skipped_;
};

}  // namespace ruyi
