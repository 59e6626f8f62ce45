// Encodes numbers as sines and cosines: timesteps and sizes for the conditioning embedding, the places of frames for
// the blocks. Before it: the request. After it: time_text_embedding.h, dit.h. Functions without state; thread-safe.
// Source: Vaswani et al. 2017; get_timestep_embedding of diffusers v0.31.0, PositionalEncoding of Ruyi-Models.
#pragma once

#include <ATen/core/Tensor.h>

namespace ruyi {

// Turns [N] numbers into [N, width] float32 on their device: cosines, then sines, of width / 2 frequencies from 1 to
// 1/10000.
at::Tensor TimestepSinusoid(const at::Tensor& values, int64_t width);

// Returns [frames, width] float32 on the CPU: sine and cosine of each frequency side by side. `width` is even.
at::Tensor FrameSinusoid(int64_t frames, int64_t width);

}  // namespace ruyi
