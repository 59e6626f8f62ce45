// Reads scaled weights in 8 bits: a tensor "x.weight" beside one number, or one for each row, with which it is to be
// multiplied. Before it: the names in a file. After it: weight_store.h. Functions without state; thread-safe. Source:
// the checkpoints named fp8_scaled of ComfyUI.
#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace ruyi {

// Returns where the scale of the tensor `name` may be; empty names where it cannot have one.
std::array<std::string, 2> ScaleNames(std::string_view name);

// Returns the possible names of the scale of a layer's input, which only arithmetic in 8 bits would need.
std::array<std::string, 2> InputScaleNames(std::string_view name);

// Returns true for the tensor by which a file says that its weights are scaled.
bool IsScaleMarker(std::string_view name);

// Returns the name of the weight that the tensor `name` belongs to as a scale, a zero point or a table of quanta.
// Empty: by its name it belongs to none.
std::string WeightOfCompanion(std::string_view name);

// Returns `weight` × `scale` in float32. FAILED_PRECONDITION: the scale is neither one number nor one for each row, or
// no floating-point number.
absl::StatusOr<at::Tensor> Scaled(const at::Tensor& weight, const at::Tensor& scale);

}  // namespace ruyi
