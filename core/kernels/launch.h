// Says whether tensors fit a kernel of CUDA, and in what form the kernel takes them. Before it: norm.h, norm_rotate.h,
// gelu.h, attention.h. After it: core/kernels/cuda. Functions without state; thread-safe.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <initializer_list>

#include "core/kernels/cuda/launch.h"

namespace ruyi::kernels {

// Returns true when a kernel takes `tensors`, the first of which has rows of `width` numbers, and of which the others
// may be undefined: they must be on one GPU, of one type that the kernels know, contiguous, aligned, not empty, not
// larger than the kernels can count, and have whole vectors (core/kernels/cuda/launch.h) in a row.
bool FitsKernels(std::initializer_list<const at::Tensor*> tensors, int64_t width);

// Returns true when a kernel that takes `x` takes `tensor` beside it: on the same GPU, of the same type, contiguous and
// aligned.
bool IsLike(const at::Tensor& tensor, const at::Tensor& x);

// Returns how many vectors of 16 bytes `numbers` numbers of the type of x make.
int64_t VectorsOf(const at::Tensor& x, int64_t numbers);

// Returns how many rows of `width` numbers x has. x must fit the kernels.
uint32_t RowsOf(const at::Tensor& x, int64_t width);

// Returns the type of x, which must fit the kernels.
cuda::Element ElementOf(const at::Tensor& x);

// Return the address that a kernel reads or writes; null for an undefined tensor.
const void* Input(const at::Tensor& tensor);
void* Output(const at::Tensor& tensor);

void Launch(const at::Tensor& x, const cuda::NarrowRows& rows);
void Launch(const at::Tensor& x, const cuda::WideRows& rows);
void Launch(const at::Tensor& x, const cuda::RoundedRows& rows);
void Launch(const at::Tensor& x, const cuda::GatedRows& rows);
void Launch(const at::Tensor& x, const cuda::GroupScales& rows);
void Launch(const at::Tensor& x, const cuda::ScaledRows& rows);
void Launch(const at::Tensor& x, const cuda::SumRows& rows);
void Launch(const at::Tensor& x, const cuda::BlendedFrames& frames);
void Launch(const at::Tensor& x, const cuda::AttentionHeads& heads);
void Launch(const at::Tensor& x, const cuda::SoftmaxRows& rows);

}  // namespace ruyi::kernels
