#include <ATen/core/TensorBody.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/tensor.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/model/layers/layer_norm.h"
#include "core/model/layers/linear.h"
#include "tests/core/weights/safetensors_bytes.h"
#include "tests/support/temporary_folder.h"

namespace ruyi {
namespace {

class LayersTest : public testing::Test {
 protected:
  WeightStore Store(const std::vector<StoredTensor>& tensors) {
    folder_.Write("model.safetensors", SafetensorsBytes(tensors));
    return *WeightStore::Open(folder_.path(), "model", {});
  }

  const TemporaryFolder folder_;
};

TEST_F(LayersTest, LinearMultipliesAndAdds) {
  WeightStore store =
      Store({{"weight", "F32", {2, 3}, FloatBytes({1, 2, 3, 4, 5, 6})}, {"bias", "F32", {2}, FloatBytes({10, 20})}});
  const Linear linear = Linear::Load(store.root(), 3, 2);
  ASSERT_TRUE(store.Finish().ok());
  EXPECT_TRUE(at::equal(linear.Forward(at::tensor({1.f, 0.f, 2.f})), at::tensor({17.f, 36.f})));
}

TEST_F(LayersTest, LinearWithoutBiasLoadsNone) {
  WeightStore store = Store({{"weight", "F32", {1, 2}, FloatBytes({1, 2})}, {"bias", "F32", {1}, FloatBytes({10})}});
  const Linear linear = Linear::Load(store.root(), 2, 1, /*has_bias=*/false);
  EXPECT_FALSE(linear.bias.defined());
  EXPECT_THAT(store.UnusedNames(), testing::ElementsAre("bias"));
  EXPECT_EQ(linear.Forward(at::tensor({1.f, 1.f})).item<float>(), 3);
}

TEST_F(LayersTest, LinearOfAnotherShapeFailsAtFinish) {
  WeightStore store = Store({{"weight", "F32", {1, 2}, FloatBytes({1, 2})}, {"bias", "F32", {1}, FloatBytes({1})}});
  Linear::Load(store.root(), 1, 2);
  EXPECT_TRUE(absl::IsFailedPrecondition(store.Finish()));
}

TEST_F(LayersTest, LayerNormScalesAndShifts) {
  WeightStore store = Store({{"weight", "F32", {2}, FloatBytes({2, 3})}, {"bias", "F32", {2}, FloatBytes({1, -1})}});
  const LayerNorm norm = LayerNorm::Load(store.root(), 2, 1e-12);
  ASSERT_TRUE(store.Finish().ok());
  EXPECT_TRUE(at::allclose(norm.Forward(at::tensor({3.f, 5.f})), at::tensor({-1.f, 2.f})));
}

TEST_F(LayersTest, LayerNormWithoutAffineOnlyNormalises) {
  const LayerNorm norm = LayerNorm::WithoutAffine(2, 3.0);  // variance 1, so each value is ±1 / sqrt(1 + 3)
  EXPECT_TRUE(at::allclose(norm.Forward(at::tensor({3.f, 5.f})), at::tensor({-0.5f, 0.5f})));
}

}  // namespace
}  // namespace ruyi
