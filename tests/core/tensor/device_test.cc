// Tests opening a device where there may be no GPU: refusals say what is wrong, and a GPU that is there computes.
#include "core/tensor/device.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/scaled_dot_product_attention.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

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

TEST(FastTypeOf, AGpuComputesInBfloat16) {
  EXPECT_EQ(FastTypeOf(c10::Device(c10::kCUDA, 0)), c10::kBFloat16);
}

// libtorch reads the variable once, when the process first computes.
TEST(FastTypeOfDeathTest, AProcessorWithoutAvx512ComputesInFloat32) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto find = [] {
    setenv("ATEN_CPU_CAPABILITY", "avx2", /*overwrite=*/1);
    std::_Exit(FastTypeOf(c10::Device(c10::kCPU)) == c10::kFloat ? 0 : 1);
  };
  EXPECT_EXIT(find(), testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace ruyi
