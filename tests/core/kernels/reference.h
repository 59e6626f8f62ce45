// Computes what the functions of core/kernels must compute, in float64 and by their formulas. Before it: their tests,
// ruyi-bench kernels. Functions without state.
#pragma once

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/core/TensorBody.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/view_as_real.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/kernels/features.h"
#include "core/kernels/norm.h"

namespace ruyi::reference {

inline at::Tensor Norm(const at::Tensor& x, const kernels::NormParameters& norm, const at::Tensor& shift = {}) {
  const at::Tensor wide = x.to(at::kDouble);
  const at::Tensor centred = wide - wide.mean(-1, /*keepdim=*/true);
  at::Tensor out = centred / (centred.square().mean(-1, /*keepdim=*/true) + norm.eps).sqrt();
  if (norm.weight.defined())
    out = out * norm.weight.to(at::kDouble);
  if (norm.bias.defined())
    out = out + norm.bias.to(at::kDouble);
  return shift.defined() ? out + shift.to(at::kDouble) : out;
}

inline kernels::SumAndNorm AddNorm(const at::Tensor& x, const at::Tensor& delta, const kernels::NormParameters& norm,
                                   const at::Tensor& shift = {}) {
  const at::Tensor wide = x.to(at::kDouble);
  const at::Tensor added = delta.to(at::kDouble);
  const at::Tensor sum =
      delta.dim() == 4 ? (wide.unflatten(1, {delta.size(1), -1}) + added).flatten(1, 2) : wide + added;
  return {.sum = sum, .normed = reference::Norm(sum.to(at::kFloat).to(x.scalar_type()), norm, shift)};
}

inline at::Tensor ConcatNorm(const at::Tensor& x, const at::Tensor& skipped, const kernels::NormParameters& norm) {
  return reference::Norm(at::cat({x, skipped}, -1), norm);
}

inline at::Tensor Rotate(const at::Tensor& x, const at::Tensor& table) {
  const at::Tensor pairs = x.to(at::kDouble).unflatten(-1, {-1, 2});
  const at::Tensor turns = at::view_as_real(table).to(at::kDouble).unsqueeze(1);  // [tokens, 1, pairs, 2]
  const auto part = [](const at::Tensor& complex, int64_t which) { return complex.select(-1, which); };
  return at::stack({part(pairs, 0) * part(turns, 0) - part(pairs, 1) * part(turns, 1),
                    part(pairs, 0) * part(turns, 1) + part(pairs, 1) * part(turns, 0)},
                   -1)
      .flatten(-2);
}

inline at::Tensor NormRotate(const at::Tensor& x, const kernels::NormParameters& norm, const at::Tensor& table) {
  return reference::Rotate(reference::Norm(x, norm), table);
}

inline at::Tensor GatedGelu(const at::Tensor& x) {
  const int64_t width = x.size(-1) / 2;
  const at::Tensor wide = x.to(at::kDouble);
  const at::Tensor gates = wide.narrow(-1, width, width);
  return wide.narrow(-1, 0, width) * (0.5 * gates * (1 + (gates * std::sqrt(0.5)).erf()));
}

inline at::Tensor Linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  const at::Tensor y = x.to(at::kDouble).matmul(weight.to(at::kDouble).t());
  return bias.defined() ? y + bias.to(at::kDouble) : y;
}

inline at::Tensor Gelu(const at::Tensor& x) {
  const at::Tensor y = x.to(at::kDouble);
  return 0.5 * y * (1 + (std::sqrt(2 / M_PI) * (y + 0.044715 * y.pow(3))).tanh());
}

inline at::Tensor LinearGelu(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  return reference::Gelu(reference::Linear(x, weight, bias));
}

// x [B, C, T, H, W] with its bias.
inline at::Tensor Whole(const kernels::Features& features) {
  const at::Tensor x = features.x.to(at::kDouble);
  return features.missing_bias.defined() ? x + features.missing_bias.to(at::kDouble).view({1, -1, 1, 1, 1}) : x;
}

inline at::Tensor GroupNorm(const kernels::Features& features, const kernels::GroupNormParameters& norm) {
  const at::Tensor x = reference::Whole(features);
  at::Tensor groups = x.unflatten(1, {norm.groups, -1});  // [B, groups, C / groups, T, H, W]
  std::vector<int64_t> dims = {2, 4, 5};
  if (!norm.is_of_frames)
    dims.push_back(3);
  groups = groups - groups.mean(dims, /*keepdim=*/true);
  groups = groups / (groups.square().mean(dims, /*keepdim=*/true) + norm.eps).sqrt();
  const auto channels = [](const at::Tensor& tensor) { return tensor.to(at::kDouble).view({1, -1, 1, 1, 1}); };
  const at::Tensor out = groups.flatten(1, 2) * channels(norm.weight) + channels(norm.bias);
  return norm.activates ? out / (1 + (-out).exp()) : out;
}

inline at::Tensor BlendFrames(const kernels::Features& features) {
  const at::Tensor x = reference::Whole(features);
  std::vector<at::Tensor> frames;
  for (int64_t t = 0; t < x.size(2); ++t) {
    const at::Tensor frame = x.select(2, t);
    frames.push_back(0.75 * frame + 0.25 * x.select(2, std::max<int64_t>(t - 1, 0)));
    frames.push_back(0.75 * frame + 0.25 * x.select(2, std::min(t + 1, x.size(2) - 1)));
  }
  return at::stack(frames, 2);
}

// Computes some queries at a time, for the scores of all would take too much memory.
inline at::Tensor Attention(const at::Tensor& queries, const at::Tensor& keys, const at::Tensor& values) {
  constexpr int64_t kQueries = 64;
  const at::Tensor all_keys = keys.to(at::kDouble).transpose(2, 3) / std::sqrt(static_cast<double>(keys.size(3)));
  const at::Tensor all_values = values.to(at::kDouble);
  std::vector<at::Tensor> found;
  for (const at::Tensor& some : queries.split(kQueries, 2))
    found.push_back(some.to(at::kDouble).matmul(all_keys).softmax(-1).matmul(all_values));
  return at::cat(found, 2);
}

// The largest error of any number of `x`, relative to the number itself or, where that is small, to the root of the
// mean square of all.
inline double LargestError(const at::Tensor& x, const at::Tensor& expected) {
  const at::Tensor typical = expected.square().mean().sqrt();
  return ((x.to(at::kDouble) - expected).abs() / expected.abs().clamp_min(typical)).max().item<double>();
}

}  // namespace ruyi::reference
