// Finds out how large the numbers of a tensor are, in one pass over its bytes by all threads, as fast as memory gives
// them. Before it: tensors as files hold them. After it: weight_store.h, core/lora and core/pipeline/ruyi, which refuse
// numbers that are not finite. Functions without state; thread-safe.
#pragma once

#include <ATen/core/Tensor.h>

namespace ruyi {

// Returns the largest |x|; infinity or NaN when one of the numbers is that, and 0 when there are none. `tensor` is
// contiguous, on the CPU, and of one of the floating types that a safetensors file can have.
double LargestMagnitude(const at::Tensor& tensor);

// Returns `magnitude` as it is after rounding to `type`: infinity or NaN where the type does not reach so far.
double RoundedTo(c10::ScalarType type, double magnitude);

}  // namespace ruyi
