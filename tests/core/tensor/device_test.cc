// Opening a device where there may be no GPU: refusals say what is wrong, and a GPU that is there computes.
#include "core/tensor/device.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/scaled_dot_product_attention.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/status_matchers.h"

namespace ruyi {
namespace {

TEST(OpenDevice, TheCpuIsAlwaysThere) {
  ASSERT_OK_AND_ASSIGN(const c10::Device device, OpenDevice("cpu"));
  EXPECT_TRUE(device.is_cpu());
  AwaitDevice(device);
}

TEST(OpenDevice, UnknownNamesAreRefused) {
  for (const char* name : {"", "gpu", "cuda:", "cuda:x", "cuda:-1", "mps", "meta"}) {
    EXPECT_THAT(OpenDevice(name), StatusIs(absl::StatusCode::kInvalidArgument)) << name;
  }
}

TEST(OpenDevice, AGpuThatIsNotThereIsRefused) {
  EXPECT_THAT(OpenDevice("cuda:99"), StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST(OpenDevice, AGpuComputesOrSaysWhyNot) {
  const absl::StatusOr<c10::Device> device = OpenDevice("cuda");
  if (!device.ok()) {
    EXPECT_THAT(std::string(device.status().message()), testing::HasSubstr("--device cpu"));
    return;
  }
  const at::Tensor x = at::ones({1, 2, 32, 16}, at::TensorOptions(*device).dtype(at::kBFloat16));
  EXPECT_EQ(at::scaled_dot_product_attention(x, x, x).sum().item<float>(), 1024);
}

}  // namespace
}  // namespace ruyi
