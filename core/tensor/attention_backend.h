// Which of libtorch's attention kernels runs first: found out by timing them. Before it: device.h. After it:
// every at::scaled_dot_product_attention of the process. Not thread-safe: part of starting.
#pragma once

#include <c10/core/Device.h>

namespace ruyi {

// Times attention as the transformer has it (bfloat16, 88 features per head) with flash, memory-efficient and cuDNN's
// kernels on `device`, a GPU, and orders them by what they take. Kernels that do not fit a call are passed over, as
// libtorch does. Throws c10::Error. Blocks.
void PreferFastestAttention(c10::Device device);

}  // namespace ruyi
