#include "core/pipeline/ruyi/saved_run.h"

#include <ATen/core/TensorBody.h>
#include <ATen/ops/equal.h>

#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "core/base/status_macros.h"
#include "core/checkpoint/checkpoint_bytes.h"

namespace ruyi {
namespace {

constexpr std::string_view kFingerprint = "of";
constexpr std::string_view kCalls = "calls";  // made, and all
constexpr std::string_view kLatents = "latents";
constexpr std::string_view kSampler = "sampler";
constexpr std::string_view kNoise = "noise";
constexpr std::string_view kGate = "guidance_gate";
constexpr std::string_view kTeaCache = "tea_cache";
constexpr std::string_view kEasyCache = "easy_cache";

int CallsOf(const Sampler& sampler) {
  return static_cast<int>(sampler.timesteps().size());
}

absl::Status DataLoss(absl::string_view what) {
  return absl::DataLossError(
      absl::StrFormat("the run cannot go on from this checkpoint: %s. Run the job from its beginning", what));
}

// A part's refusal is no fault of the request but of what was kept.
absl::Status AsDataLoss(const absl::Status& status) {
  return status.ok() || absl::IsResourceExhausted(status) ? status : DataLoss(status.message());
}

absl::Status CheckFingerprint(const TensorState& saved, const TensorState& expected) {
  for (const auto& [name, tensor] : expected.tensors()) {
    RUYI_ASSIGN_OR_RETURN(const at::Tensor other, saved.GetOfType(name, at::kLong));
    if (other.sizes() != tensor.sizes() || !at::equal(other, tensor))
      return absl::FailedPreconditionError(absl::StrFormat("it is of a run with another '%s'", name));
  }
  return saved.CheckCount(expected.tensors().size());
}

// Returns how many calls were made, and how many there are.
absl::StatusOr<std::pair<int, int>> CallsIn(const TensorState& state) {
  RUYI_ASSIGN_OR_RETURN(const std::vector<int64_t> calls, state.GetIntegers(kCalls));
  if (calls.size() != 2 || calls[0] < 1 || calls[0] > calls[1] || calls[1] > std::numeric_limits<int>::max())
    return absl::FailedPreconditionError("the number of its steps makes no sense");
  return std::pair(static_cast<int>(calls[0]), static_cast<int>(calls[1]));
}

absl::Status RestoreParts(const TensorState& state, const RunParts& parts) {
  RUYI_ASSIGN_OR_RETURN(parts.latents, state.GetLike(kLatents, parts.latents));
  RUYI_RETURN_IF_ERROR(parts.sampler.Restore(state.Part(kSampler), parts.calls, parts.latents));
  RUYI_RETURN_IF_ERROR(parts.noise.Restore(state.Part(kNoise)));
  RUYI_RETURN_IF_ERROR(parts.gate.Restore(state.Part(kGate), parts.calls, parts.latents));
  if (parts.tea_cache != nullptr)
    RUYI_RETURN_IF_ERROR(parts.tea_cache->Restore(state.Part(kTeaCache), parts.latents.device()));
  if (parts.easy_cache != nullptr)
    RUYI_RETURN_IF_ERROR(parts.easy_cache->Restore(state.Part(kEasyCache), parts.latents.device()));
  return absl::OkStatus();
}

}  // namespace

std::string SaveRun(const TensorState& fingerprint, const RunParts& parts) {
  TensorState state;
  state.PutPart(kFingerprint, fingerprint);
  state.PutIntegers(kCalls, {parts.calls, CallsOf(parts.sampler)});
  state.Put(kLatents, parts.latents);
  state.PutPart(kSampler, parts.sampler.Save());
  state.PutPart(kNoise, parts.noise.Save());
  state.PutPart(kGate, parts.gate.Save(parts.calls));
  if (parts.tea_cache != nullptr)
    state.PutPart(kTeaCache, parts.tea_cache->Save());
  if (parts.easy_cache != nullptr)
    state.PutPart(kEasyCache, parts.easy_cache->Save());
  return SerializeState(state);
}

SavedRun::SavedRun(TensorState state, int calls, int all_calls)
    : state_(std::move(state)), calls_(calls), all_calls_(all_calls) {}

absl::StatusOr<SavedRun> SavedRun::Parse(std::string_view bytes, const TensorState& fingerprint) {
  absl::StatusOr<TensorState> state = ParseState(bytes);
  RUYI_RETURN_IF_ERROR(AsDataLoss(state.status()));
  RUYI_RETURN_IF_ERROR(AsDataLoss(CheckFingerprint(state->Part(kFingerprint), fingerprint)));
  const auto calls = CallsIn(*state);
  RUYI_RETURN_IF_ERROR(AsDataLoss(calls.status()));
  return SavedRun(*std::move(state), calls->first, calls->second);
}

bool SavedRun::is_finished() const {
  return calls_ == all_calls_;
}

absl::Status SavedRun::Restore(const RunParts& parts) const {
  if (all_calls_ != CallsOf(parts.sampler))
    return DataLoss("the number of its steps is another");
  parts.calls = calls_;
  return AsDataLoss(RestoreParts(state_, parts));
}

}  // namespace ruyi
