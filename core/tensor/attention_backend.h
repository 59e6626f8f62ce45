// Chooses which of libtorch's attention kernels runs first, by timing them. Before it: device.h. After it: every
// at::scaled_dot_product_attention of the process. Not thread-safe: to be called while the program starts.
#pragma once

#include <c10/core/Device.h>

namespace ruyi {

// Times attention of the transformer's kind (bfloat16, 88 features per head) with flash, memory-efficient and cuDNN's
// kernels on `device`, a GPU, and orders the kernels by the time that they take. Kernels that do not fit a call are
// passed over, as libtorch does. Throws c10::Error. Blocks.
void PreferFastestAttention(c10::Device device);

}  // namespace ruyi
