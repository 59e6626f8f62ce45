#include "core/kernels/wide_heads.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/TensorBody.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/softmax.h>

#include <algorithm>
#include <cstdint>

#include "core/kernels/launch.h"

namespace ruyi::kernels {
namespace {

constexpr int64_t kWidestOfFused = 256;  // numbers of a head
constexpr int64_t kRowMultiple = 128;    // of the products' tiles

// Returns how many queries make a slab whose scores of `keys` keys take `bytes` at most, but for the least slab.
int64_t SlabRows(int64_t keys, int64_t bytes) {
  const int64_t rows = bytes / (keys * static_cast<int64_t>(sizeof(float)));
  return std::max(kRowMultiple, rows / kRowMultiple * kRowMultiple);
}

// [n, D] and [m, D] → [n, m] in float32
at::Tensor Scores(const at::Tensor& queries, const at::Tensor& keys) {
  if (queries.is_cuda())
    return at::mm(queries, keys.t(), at::kFloat);
  return at::mm(queries.to(at::kFloat), keys.to(at::kFloat).t());
}

// Returns the softmax of scores [n, m] times `scale`, in the type of `like`.
at::Tensor Softmax(const at::Tensor& scores, double scale, const at::Tensor& like) {
  if (!scores.is_cuda())
    return at::softmax(scores * scale, -1).to(like.scalar_type());
  const at::Tensor out = at::empty(scores.sizes(), like.options());
  Launch(out, cuda::SoftmaxRows{.element = ElementOf(out),
                                .x = scores.const_data_ptr<float>(),
                                .out = Output(out),
                                .rows = static_cast<uint32_t>(scores.size(0)),
                                .width = static_cast<int>(scores.size(1)),
                                .scale = static_cast<float>(scale)});
  return out;
}

// Computes the attention of one head, [n, D] and [m, D], into `out` [n, D].
void Attend(const at::Tensor& queries, const at::Tensor& keys, const at::Tensor& values, const WideHeads& how,
            const at::Tensor& out) {
  const int64_t slab = SlabRows(keys.size(0), how.slab_bytes);
  for (int64_t first = 0; first < queries.size(0); first += slab) {
    const int64_t count = std::min(slab, queries.size(0) - first);
    const at::Tensor weights = Softmax(Scores(queries.narrow(0, first, count), keys), how.scale, queries);
    at::Tensor into = out.narrow(0, first, count);
    at::mm_out(into, weights, values);
  }
}

}  // namespace

bool HasWideHeads(const at::Tensor& queries, const at::Tensor& keys, const at::Tensor& values) {
  constexpr int64_t kScoresOfVector = cuda::kVectorBytes / static_cast<int64_t>(sizeof(float));
  return queries.is_cuda() && queries.element_size() == 2 && queries.size(3) > kWidestOfFused &&
         keys.size(2) % kScoresOfVector == 0 && values.size(3) == queries.size(3);
}

at::Tensor WideHeadsAttention(const at::Tensor& queries, const at::Tensor& keys, const at::Tensor& values,
                              const WideHeads& how) {
  const at::Tensor out = at::empty(queries.sizes(), queries.options());
  for (int64_t row = 0; row < queries.size(0); ++row) {
    for (int64_t head = 0; head < queries.size(1); ++head)
      Attend(queries[row][head], keys[row][head], values[row][head], how, out[row][head]);
  }
  return out;
}

}  // namespace ruyi::kernels
