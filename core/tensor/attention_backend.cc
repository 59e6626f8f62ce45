#include "core/tensor/attention_backend.h"

#include <ATen/Context.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/scaled_dot_product_attention.h>
#include <c10/core/DeviceGuard.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <utility>

#include "core/tensor/device.h"

namespace ruyi {
namespace {

using at::SDPBackend;
using Order = AttentionOrders::Order;

constexpr SDPBackend kFused[] = {SDPBackend::cudnn_attention, SDPBackend::flash_attention,
                                 SDPBackend::efficient_attention};

AttentionOrders& Orders() {
  static auto& orders = *new AttentionOrders();
  return orders;
}

// The backends in `order`, then those that always work.
std::vector<int64_t> Completed(const Order& order) {
  std::vector<int64_t> all;
  for (const SDPBackend backend : order)
    all.push_back(static_cast<int64_t>(backend));
  for (const SDPBackend backend : {SDPBackend::math, SDPBackend::overrideable})
    all.push_back(static_cast<int64_t>(backend));
  return all;
}

Order WithFirst(SDPBackend first) {
  Order order = {first};
  std::copy_if(std::begin(kFused), std::end(kFused), std::back_inserter(order),
               [&](SDPBackend backend) { return backend != first; });
  return order;
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

Order FindFastest(c10::Device device, const AttentionShape& shape) {
  constexpr int64_t kBatch = 2;
  constexpr int64_t kTokens = 4096;
  const c10::InferenceMode no_gradients;
  const c10::OptionalDeviceGuard there(device);
  const at::Tensor x =
      at::randn({kBatch, kTokens, shape.heads, shape.head_dim}, at::TensorOptions(device).dtype(shape.dtype))
          .transpose(1, 2);
  SecondsOf(x);  // libtorch's first call sets an order of its own
  std::vector<std::pair<double, SDPBackend>> timed;
  for (const SDPBackend backend : kFused) {
    at::globalContext().setSDPPriorityOrder(Completed(WithFirst(backend)));
    timed.emplace_back(SecondsOf(x), backend);
  }
  std::sort(timed.begin(), timed.end());
  Order order;
  for (const auto& [seconds, backend] : timed)
    order.push_back(backend);
  return order;
}

}  // namespace

std::vector<int64_t> AttentionOrders::OwnOrder() {
  std::vector<int64_t> order;
  for (const SDPBackend backend : at::globalContext().sDPPriorityOrder())
    order.push_back(static_cast<int64_t>(backend));
  return order;
}

void AttentionOrders::Prefer(c10::Device device, const std::string& kind, const AttentionShape& shape,
                             absl::FunctionRef<Order()> find) {
  absl::MutexLock lock(&mutex_);
  const Kind key = {kind, shape.heads, shape.head_dim, shape.dtype};
  auto found = found_.find(key);
  if (found == found_.end())
    found = found_.emplace(key, find()).first;
  orders_[device.index()] = found->second;
}

at::Tensor AttentionOrders::With(c10::Device device, absl::FunctionRef<at::Tensor()> attend) {
  absl::MutexLock lock(&mutex_);
  if (orders_.empty())  // libtorch may set an order in its first call: that stays
    return attend();
  const auto order = orders_.find(device.index());
  at::globalContext().setSDPPriorityOrder(order == orders_.end() ? own_ : Completed(order->second));
  return attend();
}

void PreferFastestAttention(c10::Device device, const AttentionShape& shape) {
  if (device.is_cuda())
    Orders().Prefer(device, DescriptionOf(device), shape, [&] { return FindFastest(device, shape); });
}

at::Tensor FastestAttention(const at::Tensor& queries, const at::Tensor& keys, const at::Tensor& values,
                            std::optional<double> scale) {
  const auto attend = [&] {
    return at::scaled_dot_product_attention(queries, keys, values, /*attn_mask=*/std::nullopt, /*dropout_p=*/0,
                                            /*is_causal=*/false, scale);
  };
  return queries.is_cuda() ? Orders().With(queries.device(), attend) : attend();
}

}  // namespace ruyi
