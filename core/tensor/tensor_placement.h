// Says on which device a tensor lies and in what type it computes. Before it: the options of the program. After it:
// every layer. A value.
#pragma once

#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>

namespace ruyi {

struct TensorPlacement {
  c10::Device device = c10::Device(c10::kCPU);
  c10::ScalarType dtype = c10::kFloat;
};

}  // namespace ruyi
