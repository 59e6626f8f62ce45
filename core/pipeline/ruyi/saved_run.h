// Turns a run between two denoising steps into bytes and back: another run of the same spec goes on from there with the
// same bits. Before it: denoise_loop.h, which owns what is saved; a checkpoint's bytes. After it: core/checkpoint.
// Immutable; thread-safe.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "core/cache/easy_cache.h"
#include "core/cache/tea_cache.h"
#include "core/pipeline/ruyi/guidance_gate.h"
#include "core/sampler/sampler.h"
#include "core/tensor/noise_source.h"
#include "core/tensor/tensor_state.h"

namespace ruyi {

// Refers to the parts of the loop that later steps depend on. The loop owns them.
struct RunParts {
  int& calls;  // of the model, so far
  at::Tensor& latents;
  Sampler& sampler;
  NoiseSource& noise;
  GuidanceGate& gate;
  TeaCache* tea_cache;    // null where there is none
  EasyCache* easy_cache;  // null where there is none
};

// Returns the bytes of a run with that fingerprint (see run_fingerprint.h). Blocks until everything is in the host's
// memory. Throws as ATen does; callers stand behind GuardExceptions.
std::string SaveRun(const TensorState& fingerprint, const RunParts& parts);

class SavedRun {
 public:
  // Reads the bytes that SaveRun made, for a run with that fingerprint. DATA_LOSS: the bytes are damaged, of another
  // version of the format, or of a run with another fingerprint; the message says which. RESOURCE_EXHAUSTED: out of
  // memory.
  static absl::StatusOr<SavedRun> Parse(std::string_view bytes, const TensorState& fingerprint);

  // Returns true when all calls of the model were made, so that only decoding is left.
  bool is_finished() const;

  // Puts what was saved into `parts`, which belong to a run that has made no call. DATA_LOSS: the saved run does not
  // fit; the parts may then be neither as before nor as saved. Throws as ATen does.
  absl::Status Restore(const RunParts& parts) const;

 private:
  SavedRun(TensorState state, int calls, int all_calls);

  TensorState state_;
  int calls_;
  int all_calls_;
};

}  // namespace ruyi
