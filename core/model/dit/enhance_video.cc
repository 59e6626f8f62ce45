#include "core/model/dit/enhance_video.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/clamp_min.h>
#include <ATen/ops/diagonal.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/mean.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/sum.h>

#include <cmath>

namespace ruyi {
namespace {

// [B, frames * places, heads, head_dim] → [B, places, heads, frames, head_dim]
at::Tensor ByPlace(const at::Tensor& x, int64_t frames) {
  return x.unflatten(1, {frames, -1}).permute({0, 2, 3, 1, 4});
}

}  // namespace

at::Tensor EnhanceScore(const at::Tensor& queries, const at::Tensor& keys, int64_t frames, double weight) {
  if (frames == 1)
    return at::ones({}, queries.options());
  const double scale = 1.0 / std::sqrt(static_cast<double>(queries.size(-1)));
  const at::Tensor products = at::matmul(ByPlace(queries * scale, frames), ByPlace(keys, frames).transpose(-2, -1));
  const at::Tensor attention = at::softmax(products.to(at::kFloat), -1);
  const at::Tensor to_others = attention.sum({-2, -1}) - at::diagonal(attention, 0, -2, -1).sum(-1);
  const at::Tensor mean = to_others.mean() / static_cast<double>(frames * frames - frames);
  return at::clamp_min(mean * (static_cast<double>(frames) + weight), 1.0).to(queries.scalar_type());
}

}  // namespace ruyi
