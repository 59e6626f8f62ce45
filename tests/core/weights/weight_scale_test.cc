#include "core/weights/weight_scale.h"

#include <ATen/core/TensorBody.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/tensor.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/weights/weight_store.h"
#include "tests/core/weights/safetensors_bytes.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_folder.h"

namespace ruyi {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

// The numbers 1, 2, 1, 2 in two rows.
const StoredTensor kWeight = {"a.weight", "F8_E4M3", {2, 2}, "\x38\x40\x38\x40"};

StoredTensor Scale(const std::string& name, std::vector<int64_t> shape, const std::vector<float>& values) {
  return {.name = name, .dtype = "F32", .shape = std::move(shape), .bytes = FloatBytes(values)};
}

class ScaledWeightTest : public testing::Test {
 protected:
  // "a.weight" of a file that holds `others` beside it.
  at::Tensor Take(std::vector<StoredTensor> others) {
    others.push_back(kWeight);
    folder_.Write("model.safetensors", SafetensorsBytes(others));
    absl::StatusOr<WeightStore> store = WeightStore::Open(folder_.path(), "model", {});
    EXPECT_THAT(store, IsOk());
    const at::Tensor weight = store->root().Sub("a").Take("weight", {2, 2});
    status_ = store->Finish();
    unused_ = store->UnusedNames();
    return weight;
  }

  const TemporaryFolder folder_;
  absl::Status status_;
  std::vector<std::string> unused_;
};

TEST_F(ScaledWeightTest, IsMultipliedWithItsScale) {
  for (const char* name : {"a.scale_weight", "a.weight_scale"}) {
    for (const std::vector<int64_t>& shape : {std::vector<int64_t>{}, {1}, {1, 1}}) {
      EXPECT_TRUE(at::equal(Take({Scale(name, shape, {0.5})}), at::tensor({0.5f, 1.f, 0.5f, 1.f}).view({2, 2})));
      EXPECT_THAT(status_, IsOk());
      EXPECT_THAT(unused_, IsEmpty());
    }
  }
}

TEST_F(ScaledWeightTest, MayHaveAScaleForEachRow) {
  for (const std::vector<int64_t>& shape : {std::vector<int64_t>{2}, {2, 1}}) {
    EXPECT_TRUE(
        at::equal(Take({Scale("a.weight_scale", shape, {2, 3})}), at::tensor({2.f, 4.f, 3.f, 6.f}).view({2, 2})));
    EXPECT_THAT(status_, IsOk());
  }
}

TEST_F(ScaledWeightTest, MarkerAndScalesOfInputsAreKnown) {
  Take({Scale("a.scale_weight", {}, {2}), Scale("a.scale_input", {}, {3}), {"scaled_fp8", "F8_E4M3", {2}, "  "}});
  EXPECT_THAT(status_, IsOk());
  EXPECT_THAT(unused_, IsEmpty());
}

TEST_F(ScaledWeightTest, WithoutAnythingBesideItIsAsItIs) {
  EXPECT_TRUE(at::equal(Take({}), at::tensor({1.f, 2.f, 1.f, 2.f}).view({2, 2})));
  EXPECT_THAT(status_, IsOk());
}

TEST_F(ScaledWeightTest, ScalesThatCannotBeAppliedAreRefused) {
  Take({Scale("a.weight_scale", {1, 2}, {1, 2})});
  EXPECT_THAT(status_, StatusIs(absl::StatusCode::kFailedPrecondition,
                                HasSubstr("'a.weight' cannot be scaled: its scale has shape [1, 2]")));
  Take({{"a.weight_scale", "U8", {}, "x"}});
  EXPECT_THAT(status_, StatusIs(absl::StatusCode::kFailedPrecondition,
                                HasSubstr("'a.weight' cannot be scaled: its scale is no float")));
}

TEST_F(ScaledWeightTest, AScaleThatMakesItInfiniteIsRefused) {
  for (const float scale : {NAN, INFINITY, 3e38f}) {
    Take({Scale("a.weight_scale", {}, {scale})});
    EXPECT_THAT(status_, StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("'a.weight' is not finite")));
  }
}

TEST_F(ScaledWeightTest, WhatElseIsSaidOfItIsRefusedByName) {
  for (const char* name : {"a.weight_scale_inv", "a.weight_zero_point", "a.comfy_quant", "a.weight.absmax"}) {
    Take({Scale(name, {}, {1})});
    EXPECT_THAT(status_, StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr(name)));
  }
}

TEST_F(ScaledWeightTest, AMarkerWithoutScalesIsRefused) {
  Take({{"scaled_fp8", "F8_E4M3", {0}, ""}});
  EXPECT_THAT(status_, StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("'scaled_fp8'")));
}

TEST_F(ScaledWeightTest, WhatBelongsToNoWeightIn8BitsIsOnlyUnused) {
  Take({Scale("logit_scale", {}, {1}), Scale("b.weight_scale", {}, {1})});
  EXPECT_THAT(status_, IsOk());
  EXPECT_THAT(unused_, testing::ElementsAre("b.weight_scale", "logit_scale"));
}

}  // namespace
}  // namespace ruyi
