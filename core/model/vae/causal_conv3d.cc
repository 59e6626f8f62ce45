#include "core/model/vae/causal_conv3d.h"

#include <ATen/Context.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/conv3d.h>
#include <ATen/ops/mkldnn_convolution.h>

namespace ruyi {
namespace {

constexpr int64_t kKernel = 3;
constexpr int64_t kPast = kKernel - 1;  // frames before the first that a causal convolution sees
static_assert(kPast == PastFramesOf(TemporalBorder::kCarry));

at::Tensor WithFirstFrameBefore(const at::Tensor& x) {
  const at::Tensor first = x.narrow(2, 0, 1);
  return at::cat({first, first, x}, 2);
}

// A copy: a view would keep the whole chunk in memory until the next one.
at::Tensor LastFrames(const at::Tensor& x) {
  return x.narrow(2, x.size(2) - kPast, kPast).clone();
}

// Returns `x` with the two frames before it; the carry then holds what the next chunk needs.
at::Tensor WithCarry(const at::Tensor& x, TemporalPass& pass) {
  const size_t index = pass.next_convolution++;
  VaeCarry& carry = *pass.carry;
  if (pass.border == TemporalBorder::kCarryStart) {
    const at::Tensor padded = WithFirstFrameBefore(x);
    carry.push_back(LastFrames(padded));
    return padded;
  }
  const at::Tensor padded = at::cat({carry.at(index), x}, 2);
  carry[index] = LastFrames(padded);
  return padded;
}

// conv3d gives small float32 inputs to a kernel that takes 2 to 18 times as long as oneDNN's.
bool IsForOneDnn(const at::Tensor& x) {
  return x.is_cpu() && x.scalar_type() == at::kFloat && at::hasMKLDNN();
}

}  // namespace

at::Tensor WithPast(const at::Tensor& x, TemporalPass& pass) {
  switch (pass.border) {
    case TemporalBorder::kReplicate:
      return WithFirstFrameBefore(x);
    case TemporalBorder::kCarryStart:
    case TemporalBorder::kCarry:
      return WithCarry(x, pass);
    case TemporalBorder::kOneFrame:
    case TemporalBorder::kZeros:
      break;
  }
  return x;
}

CausalConv3d CausalConv3d::Load(const WeightScope& scope, int64_t in, int64_t out) {
  CausalConv3d conv;
  conv.weight = scope.Take("weight", {out, in, kKernel, kKernel, kKernel}).contiguous(at::MemoryFormat::ChannelsLast3d);
  conv.bias = scope.Take("bias", {out});
  return conv;
}

at::Tensor CausalConv3d::Forward(const at::Tensor& x, TemporalPass& pass) const {
  return Convolve(WithPast(x, pass), PaddingIn(pass.border), bias);
}

kernels::Features CausalConv3d::ForwardOpen(const at::Tensor& x, TemporalPass& pass) const {
  return ConvolveOpen(WithPast(x, pass), PaddingIn(pass.border));
}

kernels::Features CausalConv3d::ForwardSlab(const at::Tensor& slab, TemporalBorder border) const {
  Padding padding = PaddingIn(border);
  padding[1] = 0;  // the rows are there
  return ConvolveOpen(slab, padding);
}

CausalConv3d::Padding CausalConv3d::PaddingIn(TemporalBorder border) const {
  const int64_t space = pads_space ? 1 : 0;
  return {PastFramesOf(border) == 0 ? 1 : 0, space, space};
}

kernels::Features CausalConv3d::ConvolveOpen(const at::Tensor& x, const Padding& padding) const {
  if (!x.is_cuda())
    return {.x = Convolve(x, padding, bias), .missing_bias = {}};
  return {.x = Convolve(x, padding, std::nullopt), .missing_bias = bias};
}

at::Tensor CausalConv3d::Convolve(const at::Tensor& x, const Padding& padding,
                                  const std::optional<at::Tensor>& with_bias) const {
  if (IsForOneDnn(x))
    return at::mkldnn_convolution(x, weight, with_bias, padding, stride, /*dilation=*/{1, 1, 1}, /*groups=*/1);
  return at::conv3d(x, weight, with_bias, stride, padding);
}

PointwiseConv3d PointwiseConv3d::Load(const WeightScope& scope, int64_t in, int64_t out) {
  return {.weight = scope.Take("weight", {out, in, 1, 1, 1}), .bias = scope.Take("bias", {out})};
}

at::Tensor PointwiseConv3d::Forward(const at::Tensor& x) const {
  return at::conv3d(x, weight, bias);
}

kernels::Features PointwiseConv3d::ForwardOpen(const at::Tensor& x) const {
  if (!x.is_cuda())
    return {.x = Forward(x), .missing_bias = {}};
  return {.x = at::conv3d(x, weight), .missing_bias = bias};
}

}  // namespace ruyi
