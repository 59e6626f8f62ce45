#include "core/tensor/attention_backend.h"

#include <ATen/Context.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/scaled_dot_product_attention.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <utility>
#include <vector>

#include "core/tensor/device.h"

namespace ruyi {
namespace {

using at::SDPBackend;

constexpr SDPBackend kFused[] = {SDPBackend::cudnn_attention, SDPBackend::flash_attention,
                                 SDPBackend::efficient_attention};

// The backends in `order`, then those that always work.
void SetOrder(std::vector<int64_t> order) {
  for (const SDPBackend backend : {SDPBackend::math, SDPBackend::overrideable})
    order.push_back(static_cast<int64_t>(backend));
  at::globalContext().setSDPPriorityOrder(order);
}

void PutFirst(SDPBackend first) {
  std::vector<int64_t> order = {static_cast<int64_t>(first)};
  for (const SDPBackend backend : kFused) {
    if (backend != first)
      order.push_back(static_cast<int64_t>(backend));
  }
  SetOrder(std::move(order));
}

// Returns the time of some calls after the first one, which also compiles.
double SecondsOf(const at::Tensor& x) {
  constexpr int kCalls = 5;
  at::scaled_dot_product_attention(x, x, x);
  AwaitDevice(x.device());
  const auto start = std::chrono::steady_clock::now();
  for (int call = 0; call < kCalls; ++call)
    at::scaled_dot_product_attention(x, x, x);
  AwaitDevice(x.device());
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

void PreferFastestAttention(c10::Device device) {
  const c10::InferenceMode no_gradients;
  const at::Tensor x = at::randn({2, 4096, 32, 88}, at::TensorOptions(device).dtype(at::kBFloat16)).transpose(1, 2);
  SecondsOf(x);  // libtorch's first call sets an order of its own
  std::vector<std::pair<double, int64_t>> timed;
  for (const SDPBackend backend : kFused) {
    PutFirst(backend);
    timed.emplace_back(SecondsOf(x), static_cast<int64_t>(backend));
  }
  std::sort(timed.begin(), timed.end());
  std::vector<int64_t> order;
  for (const auto& [seconds, backend] : timed)
    order.push_back(backend);
  SetOrder(std::move(order));
}

}  // namespace ruyi
