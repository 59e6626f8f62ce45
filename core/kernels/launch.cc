#include "core/kernels/launch.h"

#include <ATen/core/TensorBody.h>
#include <c10/core/DeviceGuard.h>
#include <c10/core/Stream.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <c10/util/Exception.h>

#include <algorithm>
#include <cstdint>

namespace ruyi::kernels {
namespace {

constexpr int64_t kMostVectors = int64_t{1} << 31;

bool IsKnown(c10::ScalarType type) {
  return type == at::kFloat || type == at::kBFloat16 || type == at::kHalf;
}

bool IsAligned(const void* data) {
  return reinterpret_cast<uintptr_t>(data) % cuda::kVectorBytes == 0;
}

// Launches a kernel on the stream that the tensor's device computes on for this thread.
template <typename Rows>
void LaunchWith(cudaError_t (*launch)(const Rows*, cudaStream_t), const at::Tensor& x, const Rows& rows) {
  const c10::DeviceGuard guard(x.device());
  const c10::Stream stream = c10::impl::VirtualGuardImpl(x.device().type()).getStream(x.device());
  const cudaError_t error = launch(&rows, static_cast<cudaStream_t>(stream.native_handle()));
  TORCH_CHECK(error == cudaSuccess, "CUDA error: ", cudaGetErrorString(error));
}

}  // namespace

bool IsLike(const at::Tensor& tensor, const at::Tensor& x) {
  return tensor.device() == x.device() && tensor.scalar_type() == x.scalar_type() && tensor.is_contiguous() &&
         IsAligned(tensor.const_data_ptr());
}

bool FitsKernels(std::initializer_list<const at::Tensor*> tensors, int64_t width) {
  const at::Tensor& x = **tensors.begin();
  if (!x.is_cuda() || !IsKnown(x.scalar_type()) || x.numel() == 0)
    return false;
  return width * x.element_size() % cuda::kVectorBytes == 0 && VectorsOf(x, x.numel()) < kMostVectors &&
         std::all_of(
             tensors.begin(), tensors.end(),
             [&](const at::Tensor* tensor) { return !tensor->defined() || IsLike(*tensor, x); });
}

int64_t VectorsOf(const at::Tensor& x, int64_t numbers) {
  return numbers * x.element_size() / cuda::kVectorBytes;
}

uint32_t RowsOf(const at::Tensor& x, int64_t width) {
  return static_cast<uint32_t>(x.numel() / width);
}

cuda::Element ElementOf(const at::Tensor& x) {
  if (x.scalar_type() == at::kFloat)
    return cuda::Element::kFloat32;
  return x.scalar_type() == at::kHalf ? cuda::Element::kFloat16 : cuda::Element::kBFloat16;
}

const void* Input(const at::Tensor& tensor) {
  return tensor.defined() ? tensor.const_data_ptr() : nullptr;
}

void* Output(const at::Tensor& tensor) {
  return tensor.mutable_data_ptr();
}

void Launch(const at::Tensor& x, const cuda::NarrowRows& rows) {
  LaunchWith(&cuda::RuyiLaunchNarrowRows, x, rows);
}

void Launch(const at::Tensor& x, const cuda::WideRows& rows) {
  LaunchWith(&cuda::RuyiLaunchWideRows, x, rows);
}

void Launch(const at::Tensor& x, const cuda::RoundedRows& rows) {
  LaunchWith(&cuda::RuyiLaunchRoundedRows, x, rows);
}

void Launch(const at::Tensor& x, const cuda::GatedRows& rows) {
  LaunchWith(&cuda::RuyiLaunchGatedRows, x, rows);
}

void Launch(const at::Tensor& x, const cuda::GroupScales& rows) {
  LaunchWith(&cuda::RuyiLaunchGroupScales, x, rows);
}

void Launch(const at::Tensor& x, const cuda::ScaledRows& rows) {
  LaunchWith(&cuda::RuyiLaunchScaledRows, x, rows);
}

void Launch(const at::Tensor& x, const cuda::SumRows& rows) {
  LaunchWith(&cuda::RuyiLaunchSumRows, x, rows);
}

void Launch(const at::Tensor& x, const cuda::BlendedFrames& frames) {
  LaunchWith(&cuda::RuyiLaunchBlendedFrames, x, frames);
}

void Launch(const at::Tensor& x, const cuda::AttentionHeads& heads) {
  LaunchWith(&cuda::RuyiLaunchAttentionHeads, x, heads);
}

void Launch(const at::Tensor& x, const cuda::SoftmaxRows& rows) {
  LaunchWith(&cuda::RuyiLaunchSoftmaxRows, x, rows);
}

}  // namespace ruyi::kernels
