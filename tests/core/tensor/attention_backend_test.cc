#include "core/tensor/attention_backend.h"

#include <ATen/Context.h>
#include <ATen/TensorOperators.h>
#include <ATen/core/TensorBody.h>
#include <ATen/ops/ones.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "core/base/exception_guard.h"
#include "tests/support/status_matchers.h"

namespace ruyi {
namespace {

using at::SDPBackend;
using Order = AttentionOrders::Order;
using testing::ElementsAre;

const Order kFlashFirst = {SDPBackend::flash_attention, SDPBackend::cudnn_attention, SDPBackend::efficient_attention};
const Order kCudnnFirst = {SDPBackend::cudnn_attention, SDPBackend::efficient_attention, SDPBackend::flash_attention};
constexpr AttentionShape kShape = {.heads = 32, .head_dim = 88, .dtype = c10::kBFloat16};

c10::Device Gpu(c10::DeviceIndex index) {
  return c10::Device(c10::kCUDA, index);
}

SDPBackend FirstOfLibtorch() {
  return at::globalContext().sDPPriorityOrder()[0];
}

// Returns the kernel that libtorch tries first while `device` attends.
SDPBackend FirstOn(AttentionOrders& orders, c10::Device device) {
  SDPBackend first = SDPBackend::error;
  orders.With(device, [&] {
    first = FirstOfLibtorch();
    return at::Tensor();
  });
  return first;
}

TEST(AttentionOrders, EachDeviceHasItsOwn) {
  AttentionOrders orders;
  const SDPBackend own = FirstOfLibtorch();
  orders.Prefer(Gpu(0), "a kind", kShape, [] { return kFlashFirst; });
  orders.Prefer(Gpu(1), "another kind", kShape, [] { return kCudnnFirst; });
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(FirstOn(orders, Gpu(0)), SDPBackend::flash_attention);
    EXPECT_EQ(FirstOn(orders, Gpu(1)), SDPBackend::cudnn_attention);
    EXPECT_EQ(FirstOn(orders, Gpu(2)), own);
  }
}

TEST(AttentionOrders, KernelsThatAlwaysWorkComeLast) {
  AttentionOrders orders;
  orders.Prefer(Gpu(0), "a kind", kShape, [] { return kCudnnFirst; });
  FirstOn(orders, Gpu(0));
  EXPECT_THAT(at::globalContext().sDPPriorityOrder(),
              ElementsAre(SDPBackend::cudnn_attention, SDPBackend::efficient_attention, SDPBackend::flash_attention,
                          SDPBackend::math, SDPBackend::overrideable));
}

TEST(AttentionOrders, DevicesOfOneKindAreTimedOnce) {
  AttentionOrders orders;
  int timed = 0;
  const auto find = [&] {
    ++timed;
    return kFlashFirst;
  };
  orders.Prefer(Gpu(0), "a kind", kShape, find);
  orders.Prefer(Gpu(1), "a kind", kShape, find);
  EXPECT_EQ(timed, 1);
  EXPECT_EQ(FirstOn(orders, Gpu(1)), SDPBackend::flash_attention);
  orders.Prefer(Gpu(1), "a kind", {.heads = 32, .head_dim = 64, .dtype = c10::kBFloat16}, find);
  EXPECT_EQ(timed, 2);
}

TEST(AttentionOrders, AFailedSearchIsTriedAgain) {
  AttentionOrders orders;
  const auto fail = []() -> Order { throw std::runtime_error("the device is broken"); };
  EXPECT_THAT(GuardExceptions("timing", [&] { orders.Prefer(Gpu(0), "a kind", kShape, fail); }),
              StatusIs(absl::StatusCode::kInternal));
  orders.Prefer(Gpu(0), "a kind", kShape, [] { return kFlashFirst; });
  EXPECT_EQ(FirstOn(orders, Gpu(0)), SDPBackend::flash_attention);
}

TEST(FastestAttention, OnACpuIsAttentionWithoutAChoice) {
  PreferFastestAttention(c10::kCPU, kShape);
  const at::Tensor x = at::ones({1, 2, 32, 16});
  EXPECT_EQ(FastestAttention(x, x, x).sum().item<float>(), 1024);
  EXPECT_EQ(FastestAttention(x, x, x, 0.5).sum().item<float>(), 1024);
}

}  // namespace
}  // namespace ruyi
