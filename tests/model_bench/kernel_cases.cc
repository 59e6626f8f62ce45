#include "tests/model_bench/kernel_cases.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/TensorBody.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/polar.h>
#include <ATen/ops/zeros.h>

#include <numeric>

#include "absl/strings/str_format.h"
#include "core/kernels/attention.h"
#include "core/kernels/features.h"
#include "core/kernels/gelu.h"
#include "core/kernels/linear.h"
#include "core/kernels/norm.h"
#include "core/kernels/norm_rotate.h"
#include "tests/core/kernels/reference.h"
#include "tests/model_bench/bench_shape.h"

namespace ruyi::bench {
namespace {

using kernels::NormParameters;
using kernels::SumAndNorm;
using Tensors = KernelCase::Tensors;

constexpr int64_t kFrames = 12;            // or as many as divide the tokens
constexpr int64_t kWidening = 4;           // of the feed-forward network
constexpr int64_t kFeatureChannels = 128;  // of the autoencoder's largest features

NormParameters RandomNorm(int64_t width, const TensorPlacement& placement) {
  return {.weight = RandomTensor({width}, placement) + 1, .bias = RandomTensor({width}, placement), .eps = 1e-6};
}

at::Tensor RandomTable(const KernelShape& shape, const TensorPlacement& placement) {
  const at::Tensor angles =
      RandomTensor({shape.tokens, shape.head_dim / 2}, {.device = placement.device, .dtype = at::kFloat});
  return at::polar(at::ones_like(angles), angles);
}

// [B, tokens, heads, head_dim], about a mean other than 0
at::Tensor RandomHeads(const KernelShape& shape, const TensorPlacement& placement) {
  return RandomTensor({shape.batch, shape.tokens, shape.heads, shape.head_dim}, placement) * 2 + 0.5;
}

// [B, tokens, `widths` times the features]
at::Tensor RandomTokens(const KernelShape& shape, const TensorPlacement& placement, int64_t widths = 1) {
  return RandomTensor({shape.batch, shape.tokens, widths * shape.heads * shape.head_dim}, placement) * 2 + 0.5;
}

Tensors Both(const SumAndNorm& out) {
  return {out.sum, out.normed.plain()};
}

KernelCase NormRotateCase(const KernelShape& shape, const TensorPlacement& placement) {
  const NormParameters norm = RandomNorm(shape.head_dim, placement);
  const at::Tensor table = RandomTable(shape, placement);
  return {.name = "norm_rotate",
          .inputs = {RandomHeads(shape, placement)},
          .kernel = [=](const Tensors& in) -> Tensors { return {kernels::NormRotate(in[0], norm, table)}; },
          .aten = [=](const Tensors& in) -> Tensors { return {kernels::aten::NormRotate(in[0], norm, table)}; },
          .reference = [=](const Tensors& in) -> Tensors { return {reference::NormRotate(in[0], norm, table)}; }};
}

// The twin takes the heads as they are.
KernelCase AttentionCase(const KernelShape& shape, const TensorPlacement& placement) {
  const int64_t head_dim = shape.head_dim;
  const auto heads = [&] { return RandomHeads(shape, placement).transpose(1, 2); };
  return {
      .name = "attention",
      .inputs = {heads(), heads(), heads()},
      .kernel = [=](const Tensors& in) -> Tensors {
        return {kernels::Attention(kernels::WidenHeads(in[0]), kernels::WidenHeads(in[1]), kernels::WidenHeads(in[2]),
                                   head_dim)};
      },
      .aten = [=](const Tensors& in) -> Tensors { return {kernels::aten::Attention(in[0], in[1], in[2], head_dim)}; },
      .reference = [=](const Tensors& in) -> Tensors { return {reference::Attention(in[0], in[1], in[2])}; }};
}

KernelCase RotateCase(const KernelShape& shape, const TensorPlacement& placement) {
  const at::Tensor table = RandomTable(shape, placement);
  return {.name = "rotate",
          .inputs = {RandomHeads(shape, placement)},
          .kernel = [=](const Tensors& in) -> Tensors { return {kernels::Rotate(in[0], table)}; },
          .aten = [=](const Tensors& in) -> Tensors { return {kernels::aten::Rotate(in[0], table)}; },
          .reference = [=](const Tensors& in) -> Tensors { return {reference::Rotate(in[0], table)}; }};
}

KernelCase HeadNormCase(const KernelShape& shape, const TensorPlacement& placement) {
  const NormParameters norm = RandomNorm(shape.head_dim, placement);
  return {.name = "norm_of_heads",
          .inputs = {RandomHeads(shape, placement)},
          .kernel = [=](const Tensors& in) -> Tensors { return {kernels::Norm(in[0], norm)}; },
          .aten = [=](const Tensors& in) -> Tensors { return {kernels::aten::Norm(in[0], norm)}; },
          .reference = [=](const Tensors& in) -> Tensors { return {reference::Norm(in[0], norm)}; }};
}

KernelCase ShiftedNormCase(const KernelShape& shape, const TensorPlacement& placement) {
  const int64_t width = shape.heads * shape.head_dim;
  const NormParameters norm = RandomNorm(width, placement);
  return {.name = "norm",
          .inputs = {RandomTokens(shape, placement), RandomTensor({shape.batch, 1, width}, placement)},
          .kernel = [=](const Tensors& in) -> Tensors { return {kernels::Norm(in[0], norm, in[1])}; },
          .aten = [=](const Tensors& in) -> Tensors { return {kernels::aten::Norm(in[0], norm, in[1])}; },
          .reference = [=](const Tensors& in) -> Tensors { return {reference::Norm(in[0], norm, in[1])}; }};
}

KernelCase AddNormCase(const KernelShape& shape, const TensorPlacement& placement) {
  const NormParameters norm = RandomNorm(shape.heads * shape.head_dim, placement);
  return {.name = "add_norm",
          .inputs = {RandomTokens(shape, placement), RandomTokens(shape, placement)},
          .kernel = [=](const Tensors& in) { return Both(kernels::AddNorm(in[0], in[1], norm)); },
          .aten = [=](const Tensors& in) { return Both(kernels::aten::AddNorm(in[0], in[1], norm)); },
          .reference = [=](const Tensors& in) { return Both(reference::AddNorm(in[0], in[1], norm)); }};
}

KernelCase AddFramesCase(const KernelShape& shape, const TensorPlacement& placement) {
  const int64_t width = shape.heads * shape.head_dim;
  const NormParameters norm = RandomNorm(width, placement);
  const at::Tensor frames = RandomTensor({1, std::gcd(shape.tokens, kFrames), 1, width}, placement);
  return {.name = "add_norm_frames",
          .inputs = {RandomTokens(shape, placement), RandomTensor({shape.batch, 1, width}, placement)},
          .kernel = [=](const Tensors& in) { return Both(kernels::AddNorm(in[0], frames, norm, in[1])); },
          .aten = [=](const Tensors& in) { return Both(kernels::aten::AddNorm(in[0], frames, norm, in[1])); },
          .reference = [=](const Tensors& in) { return Both(reference::AddNorm(in[0], frames, norm, in[1])); }};
}

KernelCase ConcatNormCase(const KernelShape& shape, const TensorPlacement& placement) {
  const NormParameters norm = RandomNorm(2 * shape.heads * shape.head_dim, placement);
  return {.name = "concat_norm",
          .inputs = {RandomTokens(shape, placement), RandomTokens(shape, placement)},
          .kernel = [=](const Tensors& in) -> Tensors { return {kernels::ConcatNorm(in[0], in[1], norm).plain()}; },
          .aten = [=](const Tensors& in) -> Tensors { return {kernels::aten::ConcatNorm(in[0], in[1], norm)}; },
          .reference = [=](const Tensors& in) -> Tensors { return {reference::ConcatNorm(in[0], in[1], norm)}; }};
}

KernelCase GatedGeluCase(const KernelShape& shape, const TensorPlacement& placement) {
  return {.name = "gated_gelu",
          .inputs = {RandomTokens(shape, placement, 2)},
          .kernel = [](const Tensors& in) -> Tensors { return {kernels::GatedGelu(in[0])}; },
          .aten = [](const Tensors& in) -> Tensors { return {kernels::aten::GatedGelu(in[0])}; },
          .reference = [](const Tensors& in) -> Tensors { return {reference::GatedGelu(in[0])}; }};
}

KernelCase LinearGeluCase(const KernelShape& shape, const TensorPlacement& placement) {
  const int64_t width = shape.heads * shape.head_dim;
  const at::Tensor weight = RandomTensor({kWidening * width, width}, placement) * 0.02;
  const at::Tensor bias = RandomTensor({kWidening * width}, placement);
  return {.name = "linear_gelu",
          .inputs = {RandomTensor({shape.batch, shape.tokens, width}, placement)},
          .kernel = [=](const Tensors& in) -> Tensors { return {kernels::LinearGelu(in[0], weight, bias)}; },
          .aten = [=](const Tensors& in) -> Tensors { return {kernels::aten::LinearGelu(in[0], weight, bias)}; },
          .reference = [=](const Tensors& in) -> Tensors { return {reference::LinearGelu(in[0], weight, bias)}; }};
}

// The widths of a block: of its tokens, of two of them, and of the feed-forward network.
enum class Width { kTokens, kPair, kFeedForward };

int64_t NumbersOf(Width width, const KernelShape& shape) {
  const int64_t tokens = shape.heads * shape.head_dim;
  if (width == Width::kFeedForward)
    return tokens * 48 / 11 / 16 * 16;  // 12288 of 2816
  return width == Width::kPair ? 2 * tokens : tokens;
}

// [B, tokens, width]
at::Tensor RandomRows(Width width, const KernelShape& shape, const TensorPlacement& placement) {
  return RandomTensor({shape.batch, shape.tokens, NumbersOf(width, shape)}, placement);
}

Tensors Both(const ScaledRows& rows) {
  return {rows.data, rows.scale};
}

Tensors Wide(const ScaledRows& rows) {
  return {rows.data.to(at::kDouble), rows.scale.to(at::kDouble)};
}

// A product of rows in 8 bits, beside the one of the same numbers in the type of the arithmetic.
template <Width kIn, Width kOut>
KernelCase ScaledLinearCase(const KernelShape& shape, const TensorPlacement& placement) {
  const int64_t in = NumbersOf(kIn, shape);
  const int64_t out = NumbersOf(kOut, shape);
  const at::Tensor weight = RandomTensor({out, in}, placement) * 0.02;
  const at::Tensor bias = RandomTensor({out}, placement);
  const at::Tensor x = RandomRows(kIn, shape, placement);
  const ScaledRows rows = kernels::QuantizeRows(x);
  const ScaledRows of_weight = kernels::QuantizeRows(weight);
  const kernels::LinearWeight scaled = {.data = of_weight.data, .scale = of_weight.scale};
  return {.name = absl::StrFormat("scaled_linear_%d_%d", in, out),
          .inputs = {x, rows.data, rows.scale},
          .kernel = [=](const Tensors& given) -> Tensors {
            const ScaledRows known = {.data = given[1], .scale = given[2]};
            return {kernels::Linear(kernels::Activations(known, given[0].scalar_type()), scaled, bias)};
          },
          .aten = [=](const Tensors& given) -> Tensors { return {at::linear(given[0], weight, bias)}; },
          .reference = [=](const Tensors& given) -> Tensors { return {reference::Linear(given[0], weight, bias)}; }};
}

template <Width kWidth>
KernelCase QuantizeRowsCase(const KernelShape& shape, const TensorPlacement& placement) {
  return {.name = absl::StrFormat("quantize_rows_%d", NumbersOf(kWidth, shape)),
          .inputs = {RandomRows(kWidth, shape, placement)},
          .kernel = [](const Tensors& in) { return Both(kernels::QuantizeRows(in[0])); },
          .aten = [](const Tensors& in) { return Both(kernels::aten::QuantizeRows(in[0])); },
          .reference = [](const Tensors& in) { return Wide(ScaleRows(in[0])); }};
}

KernelCase GeluRowsCase(const KernelShape& shape, const TensorPlacement& placement) {
  return {.name = "gelu_rows",
          .inputs = {RandomRows(Width::kFeedForward, shape, placement)},
          .kernel = [](const Tensors& in) { return Both(kernels::GeluRows(in[0])); },
          .aten = [](const Tensors& in) { return Both(kernels::aten::GeluRows(in[0])); },
          .reference =
              [](const Tensors& in) {
                return Wide(ScaleRows(reference::Gelu(in[0]).to(at::kFloat).to(in[0].scalar_type())));
              }};
}

KernelCase AddNormRowsCase(const KernelShape& shape, const TensorPlacement& placement) {
  const NormParameters norm = RandomNorm(shape.heads * shape.head_dim, placement);
  const auto add_norm = [=](const Tensors& in, kernels::Form form) {
    return Both(kernels::AddNorm(in[0], in[1], norm, /*shift=*/{}, form).normed.rows());
  };
  return {
      .name = "add_norm_rows",
      .inputs = {RandomTokens(shape, placement), RandomTokens(shape, placement)},
      .kernel = [=](const Tensors& in) { return add_norm(in, kernels::Form::kRows); },
      .aten =
          [=](const Tensors& in) { return Both(ScaleRows(kernels::aten::AddNorm(in[0], in[1], norm).normed.plain())); },
      .reference =
          [=](const Tensors& in) {
            const at::Tensor normed = reference::AddNorm(in[0], in[1], norm).normed.plain();
            return Wide(ScaleRows(normed.to(at::kFloat).to(in[0].scalar_type())));
          }};
}

// [B, kFeatureChannels, T, H, W], channels last, T * H * W of `tokens`
at::Tensor RandomFeatures(const KernelShape& shape, const TensorPlacement& placement) {
  constexpr int64_t kFeatureFrames = 8;  // or as many as divide the tokens
  constexpr int64_t kFeatureWidth = 48;  // likewise
  const int64_t frames = std::gcd(shape.tokens, kFeatureFrames);
  const int64_t width = std::gcd(shape.tokens / frames, kFeatureWidth);
  return (RandomTensor({shape.batch, kFeatureChannels, frames, shape.tokens / frames / width, width}, placement) * 2 +
          0.5)
      .contiguous(at::MemoryFormat::ChannelsLast3d);
}

KernelCase GroupNormCase(const KernelShape& shape, const TensorPlacement& placement) {
  constexpr int64_t kGroups = 32;
  const NormParameters random = RandomNorm(kFeatureChannels, placement);
  const kernels::GroupNormParameters norm = {
      .weight = random.weight, .bias = random.bias, .groups = kGroups, .eps = random.eps, .activates = true};
  return {.name = "group_norm_silu",
          .inputs = {RandomFeatures(shape, placement)},
          .kernel = [=](const Tensors& in) -> Tensors { return {kernels::GroupNorm({.x = in[0]}, norm)}; },
          .aten = [=](const Tensors& in) -> Tensors { return {kernels::aten::GroupNorm({.x = in[0]}, norm)}; },
          .reference = [=](const Tensors& in) -> Tensors { return {reference::GroupNorm({.x = in[0]}, norm)}; }};
}

// Returns the rows of x but for a few at its borders.
at::Tensor InnerRows(const at::Tensor& x) {
  const int64_t border = x.size(3) / 8;
  return x.narrow(3, border, x.size(3) - 2 * border);
}

// Rows that lie among others, of features that have two more frames before them.
KernelCase NormalizeRowsCase(const KernelShape& shape, const TensorPlacement& placement) {
  constexpr int64_t kGroups = 32;
  const NormParameters random = RandomNorm(kFeatureChannels, placement);
  const kernels::GroupNormParameters norm = {.weight = random.weight,
                                             .bias = random.bias,
                                             .groups = kGroups,
                                             .eps = random.eps,
                                             .is_of_frames = true,
                                             .activates = true};
  const auto rows_of = [=](const at::Tensor& x, auto scales_of, auto normalize) -> Tensors {
    const at::Tensor out = at::zeros({x.size(0), x.size(1), x.size(2) + 2, x.size(3), x.size(4)}, x.options())
                               .contiguous(at::MemoryFormat::ChannelsLast3d);
    const at::Tensor rows = InnerRows(out.narrow(2, 2, x.size(2)));
    normalize(InnerRows(x), scales_of({.x = x, .missing_bias = {}}, norm), norm, rows);
    return {rows};
  };
  return {
      .name = "normalize_rows",
      .inputs = {RandomFeatures(shape, placement)},
      .kernel = [=](const Tensors& in) { return rows_of(in[0], &kernels::GroupNormScales, &kernels::NormalizeRows); },
      .aten =
          [=](const Tensors& in) {
            return rows_of(in[0], &kernels::aten::GroupNormScales, &kernels::aten::NormalizeRows);
          },
      .reference = [=](const Tensors& in) -> Tensors { return {InnerRows(reference::GroupNorm({.x = in[0]}, norm))}; }};
}

KernelCase SumRowsCase(const KernelShape& shape, const TensorPlacement& placement) {
  const at::Tensor bias = RandomTensor({kFeatureChannels}, placement);
  const auto rows_of = [=](const Tensors& in, auto sum) -> Tensors {
    const at::Tensor out = in[1].clone();
    sum({.x = InnerRows(in[0]), .missing_bias = bias}, {.x = InnerRows(in[1]), .missing_bias = {}}, InnerRows(out));
    return {InnerRows(out)};
  };
  return {.name = "sum_rows",
          .inputs = {RandomFeatures(shape, placement), RandomFeatures(shape, placement)},
          .kernel = [=](const Tensors& in) { return rows_of(in, &kernels::SumRows); },
          .aten = [=](const Tensors& in) { return rows_of(in, &kernels::aten::SumRows); },
          .reference = [=](const Tensors& in) -> Tensors {
            return {InnerRows(reference::Whole({.x = in[0], .missing_bias = bias}) + in[1].to(at::kDouble))};
          }};
}

KernelCase BlendFramesCase(const KernelShape& shape, const TensorPlacement& placement) {
  return {.name = "blend_frames",
          .inputs = {RandomFeatures(shape, placement)},
          .kernel = [](const Tensors& in) -> Tensors { return {kernels::BlendFrames({.x = in[0]})}; },
          .aten = [](const Tensors& in) -> Tensors { return {kernels::aten::BlendFrames({.x = in[0]})}; },
          .reference = [](const Tensors& in) -> Tensors { return {reference::BlendFrames({.x = in[0]})}; }};
}

}  // namespace

std::vector<KernelCaseMaker> KernelCaseMakers(KernelGroup group) {
  switch (group) {
    case KernelGroup::kAttention:
      return {&AttentionCase};
    case KernelGroup::kTokens:
      return {&NormRotateCase, &RotateCase,     &HeadNormCase,  &ShiftedNormCase, &AddNormCase,
              &AddFramesCase,  &ConcatNormCase, &GatedGeluCase, &LinearGeluCase};
    case KernelGroup::kFeatures:
      return {&GroupNormCase, &NormalizeRowsCase, &SumRowsCase, &BlendFramesCase};
    case KernelGroup::kEightBits:
      return {&ScaledLinearCase<Width::kTokens, Width::kTokens>,
              &ScaledLinearCase<Width::kTokens, Width::kFeedForward>,
              &ScaledLinearCase<Width::kFeedForward, Width::kTokens>,
              &ScaledLinearCase<Width::kPair, Width::kTokens>,
              &ScaledLinearCase<Width::kTokens, Width::kPair>,
              &QuantizeRowsCase<Width::kTokens>,
              &QuantizeRowsCase<Width::kFeedForward>,
              &GeluRowsCase,
              &AddNormRowsCase};
  }
  return {};
}

}  // namespace ruyi::bench
