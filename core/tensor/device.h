// Opens the device that a program computes on: the CPU, or an NVIDIA GPU, whose libraries are loaded when one is asked
// for. Before it: --device. After it: placement.h. They affect the whole process: call them before any thread computes.
#pragma once

#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace ruyi {

// Opens the device called "cpu", "cuda" (its first) or "cuda:N". For a GPU it loads libtorch_cuda and keeps float32
// products in float32. INVALID_ARGUMENT: another name. FAILED_PRECONDITION: libraries of CUDA are missing, there is no
// driver or no GPU, or not that many.
absl::StatusOr<c10::Device> OpenDevice(std::string_view name);

// Returns the type of arithmetic that suits `device` where nobody asks for one: bfloat16 on a GPU, and on a processor
// that has instructions for it and may use them (ATEN_CPU_CAPABILITY); float32 elsewhere, where bfloat16 is many times
// slower.
c10::ScalarType FastTypeOf(c10::Device device);

// Returns a description for people: "NVIDIA H100 80GB HBM3", or "CPU with 2 threads".
std::string DescriptionOf(c10::Device device);

// Blocks until all work that was given to `device` is done.
void AwaitDevice(c10::Device device);

}  // namespace ruyi
