// Turns the state of a running request into bytes, and back: a safetensors file whose metadata name the format and its
// version. Before it: TensorState, as the parts of a run save it. After it: whoever stores the bytes. The bytes must
// come back whole, for a changed number in the data cannot be seen here. Functions without state; thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "core/tensor/tensor_state.h"

namespace ruyi {

// Returns the bytes of `state`; equal tensors give equal bytes. Copies the tensors to the host first, and blocks on
// their devices. Throws as ATen does, also for a type that safetensors does not know; callers stand behind
// GuardExceptions.
std::string SerializeState(const TensorState& state);

// Returns the state that SerializeState made `bytes` of, in tensors of their own on the CPU. DATA_LOSS: the bytes are
// damaged, see ParseSafetensorsHeader, or not a checkpoint. FAILED_PRECONDITION: they are a checkpoint of another
// version of the format. INTERNAL: libtorch cannot hold a tensor of that shape.
absl::StatusOr<TensorState> ParseState(std::string_view bytes);

}  // namespace ruyi
