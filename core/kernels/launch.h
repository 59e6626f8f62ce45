// What the named functions of this room ask before they use a kernel of CUDA, and how they start it. Before it: norm.h,
// norm_rotate.h, gelu.h. After it: core/kernels/cuda. Functions without state; thread-safe.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <initializer_list>

#include "core/kernels/cuda/launch.h"

namespace ruyi::kernels {

// Whether a kernel takes the first of `tensors`, with rows of `width`, and the others, of which some may be undefined:
// of one GPU and one type that the kernels know, contiguous, aligned, neither empty nor beyond what they count to, and
// with whole vectors in a row.
bool FitsKernels(std::initializer_list<const at::Tensor*> tensors, int64_t width);

// Of 16 bytes, in so many numbers of the type of x.
int64_t VectorsOf(const at::Tensor& x, int64_t numbers);

// Of `width` numbers, in a tensor that fits.
uint32_t RowsOf(const at::Tensor& x, int64_t width);

// Of a tensor that fits.
cuda::Element ElementOf(const at::Tensor& x);

// For a kernel to read or write; null of an undefined one.
const void* Input(const at::Tensor& tensor);
void* Output(const at::Tensor& tensor);

void Launch(const at::Tensor& x, const cuda::NarrowRows& rows);
void Launch(const at::Tensor& x, const cuda::WideRows& rows);
void Launch(const at::Tensor& x, const cuda::GatedRows& rows);

}  // namespace ruyi::kernels
