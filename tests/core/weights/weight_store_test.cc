#include "core/weights/weight_store.h"

#include <ATen/core/TensorBody.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/tensor.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_format.h"
#include "tests/core/weights/safetensors_bytes.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_folder.h"

namespace ruyi {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string kAb =
    SafetensorsBytes({{"a.weight", "F32", {2}, FloatBytes({1, 2})}, {"b", "F32", {1}, FloatBytes({3})}});

class WeightStoreTest : public testing::Test {
 protected:
  absl::StatusOr<WeightStore> Open(const TensorPlacement& placement = {}) {
    return WeightStore::Open(folder_.path(), "model", placement);
  }

  void WriteIndex(std::string_view text) { folder_.Write("model.safetensors.index.json", text); }

  const TemporaryFolder folder_;
};

TEST_F(WeightStoreTest, GivesTensorsByScope) {
  folder_.Write("model.safetensors", kAb);
  auto store = Open();
  ASSERT_TRUE(store.ok()) << store.status();
  const WeightScope root = store->root();
  EXPECT_TRUE(root.Has("b"));
  EXPECT_TRUE(root.Sub("a").Has("weight"));
  EXPECT_FALSE(root.Has("a"));
  EXPECT_TRUE(at::equal(root.Sub("a").Take("weight", {2}), at::tensor({1.f, 2.f})));
  EXPECT_EQ(root.Take("b", {1}).item<float>(), 3);
  EXPECT_TRUE(store->Finish().ok());
  EXPECT_THAT(store->UnusedNames(), IsEmpty());
}

TEST_F(WeightStoreTest, CastsToThePlacement) {
  const std::string bf16("\x80\x3f\x20\x40", 4);  // 1, 2.5
  folder_.Write("model.safetensors", SafetensorsBytes({{"x", "BF16", {2}, bf16}}));
  auto store = Open();
  const at::Tensor x = store->root().Take("x", {2});
  EXPECT_TRUE(at::equal(x, at::tensor({1.f, 2.5f})));
  auto half = Open({.dtype = at::kHalf});
  EXPECT_EQ(half->root().Take("x", {2}).scalar_type(), at::kHalf);
}

TEST_F(WeightStoreTest, ReportsEveryMissingAndMisshapenTensor) {
  folder_.Write("model.safetensors", kAb);
  auto store = Open({.dtype = at::kBFloat16});
  const at::Tensor zeros = store->root().Sub("c").Take("weight", {2, 3});
  EXPECT_EQ(zeros.sizes(), at::IntArrayRef({2, 3}));
  EXPECT_EQ(zeros.scalar_type(), at::kBFloat16);
  EXPECT_EQ(zeros.abs().sum().item<float>(), 0);
  EXPECT_EQ(store->root().Take("b", {4}).sizes(), at::IntArrayRef({4}));
  const absl::Status status = store->Finish();
  EXPECT_TRUE(absl::IsFailedPrecondition(status));
  EXPECT_THAT(std::string(status.message()), AllOf(HasSubstr("2 tensors"), HasSubstr("'c.weight' is missing"),
                                                   HasSubstr("'b' has shape [1], expected [4]")));
}

TEST_F(WeightStoreTest, NamesWhatNobodyTook) {
  folder_.Write("model.safetensors", kAb);
  auto store = Open();
  EXPECT_THAT(store->UnusedNames(), ElementsAre("a.weight", "b"));
  store->root().Take("b", {1});
  EXPECT_THAT(store->UnusedNames(), ElementsAre("a.weight"));
  store->root().Sub("a").Ignore("weight");
  EXPECT_THAT(store->UnusedNames(), IsEmpty());
  EXPECT_TRUE(store->Finish().ok());
}

TEST_F(WeightStoreTest, RefusesIntegersByName) {
  for (const char* type : {"I8", "U8", "BOOL"}) {
    folder_.Write("model.safetensors", SafetensorsBytes({{"x", type, {1}, "\x01"}}));
    auto store = Open();
    store->root().Take("x", {1});
    EXPECT_THAT(store->Finish(), StatusIs(absl::StatusCode::kFailedPrecondition,
                                          HasSubstr(absl::StrFormat("'x' is of type %s; a weight must be", type))));
  }
}

TEST_F(WeightStoreTest, WithoutFilesIsNotFound) {
  const absl::Status status = Open().status();
  EXPECT_TRUE(absl::IsNotFound(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("model.safetensors.index.json"));
}

TEST_F(WeightStoreTest, DamagedFileIsDataLoss) {
  folder_.Write("model.safetensors", "short");
  EXPECT_TRUE(absl::IsDataLoss(Open().status()));
}

TEST_F(WeightStoreTest, JoinsShards) {
  folder_.Write("model-1.safetensors", SafetensorsBytes({{"a", "F32", {1}, FloatBytes({1})}}));
  folder_.Write("model-2.safetensors", SafetensorsBytes({{"b", "F32", {1}, FloatBytes({2})}}));
  WriteIndex(R"({"metadata":{}, "weight_map":{"a":"model-1.safetensors","b":"model-2.safetensors"}})");
  auto store = Open();
  ASSERT_TRUE(store.ok()) << store.status();
  EXPECT_EQ(store->root().Take("a", {1}).item<float>(), 1);
  EXPECT_EQ(store->root().Take("b", {1}).item<float>(), 2);
  EXPECT_TRUE(store->Finish().ok());
}

TEST_F(WeightStoreTest, IndexDecidesBetweenShardsAndExtrasAreUnused) {
  folder_.Write("1.safetensors", SafetensorsBytes({{"a", "F32", {1}, FloatBytes({1})}}));
  folder_.Write("2.safetensors",
                SafetensorsBytes({{"a", "F32", {1}, FloatBytes({5})}, {"extra", "F32", {1}, FloatBytes({2})}}));
  WriteIndex(R"({"weight_map":{"a":"2.safetensors"}})");
  auto store = Open();
  EXPECT_EQ(store->root().Take("a", {1}).item<float>(), 5);
  EXPECT_THAT(store->UnusedNames(), ElementsAre("extra"));
}

TEST_F(WeightStoreTest, MissingShardIsNotFound) {
  WriteIndex(R"({"weight_map":{"a":"gone.safetensors"}})");
  const absl::Status status = Open().status();
  EXPECT_TRUE(absl::IsNotFound(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("gone.safetensors"));
}

TEST_F(WeightStoreTest, ShardThatLacksANameIsDataLoss) {
  folder_.Write("1.safetensors", kAb);
  WriteIndex(R"({"weight_map":{"z":"1.safetensors"}})");
  const absl::Status status = Open().status();
  EXPECT_TRUE(absl::IsDataLoss(status));
  EXPECT_THAT(std::string(status.message()), AllOf(HasSubstr("'z'"), HasSubstr("1.safetensors")));
}

TEST_F(WeightStoreTest, DamagedIndexIsDataLoss) {
  for (const char* index :
       {"{", "[]", "{}", R"({"weight_map":[]})", R"({"weight_map":{"a":3}})",
        R"({"weight_map":{"a":"../outside.safetensors"}})", R"({"weight_map":{"a":"/abs.safetensors"}})",
        R"({"weight_map":{"a":"sub\\x.safetensors"}})", R"({"weight_map":{"a":"weights.bin"}})",
        R"({"weight_map":{"a":".."}})", R"({"weight_map":{"a":""}})"}) {
    WriteIndex(index);
    EXPECT_TRUE(absl::IsDataLoss(Open().status())) << index << ": " << Open().status();
  }
}

// The layer "a" of kLayer as it comes out of a store.
struct LayerTensors {
  at::Tensor weight;
  at::Tensor bias;
  LayerUpdate update;
};

LayerTensors TakeLayer(WeightStore& store) {
  const WeightScope scope = store.root().Sub("a").AsLinear({.out = 2, .in = 1});
  return {.weight = scope.Take("weight", {2, 1}), .bias = scope.Take("bias", {2}), .update = scope.Update()};
}

const std::string kLayer =
    SafetensorsBytes({{"a.weight", "F32", {2, 1}, FloatBytes({1, 2})}, {"a.bias", "F32", {2}, FloatBytes({3, 4})}});

// Linear layers of two weights or more lie in 8 bits.
const StorageRule kRule = [](const LayerTraits& layer) -> std::optional<c10::ScalarType> {
  const bool is_converted = layer.kind == LayerKind::kLinear && layer.weight_elements >= 2;
  return is_converted ? std::optional(c10::kFloat8_e4m3fn) : std::nullopt;
};

TEST_F(WeightStoreTest, StoresLayersAsItsRuleSays) {
  folder_.Write("model.safetensors", kLayer);
  ASSERT_OK_AND_ASSIGN(WeightStore store, WeightStore::Open(folder_.path(), "model", {}, kRule));
  const LayerTensors layer = TakeLayer(store);
  EXPECT_EQ(layer.weight.scalar_type(), c10::kFloat8_e4m3fn);
  EXPECT_EQ(layer.bias.scalar_type(), c10::kFloat8_e4m3fn);
  EXPECT_EQ(store.root().Sub("a").AsNorm().Take("bias", {2}).scalar_type(), at::kFloat);
  EXPECT_EQ(store.root().Sub("a").AsLinear({.out = 1, .in = 1}).Take("bias", {2}).scalar_type(), at::kFloat);
  EXPECT_EQ(store.root().Sub("a").Take("bias", {2}).scalar_type(), at::kFloat);
}

const StorageRule kScaledRule = [](const LayerTraits& layer) -> std::optional<Storage> {
  return layer.kind == LayerKind::kLinear ? std::optional<Storage>({c10::kFloat8_e4m3fn, true}) : std::nullopt;
};

ScaledRows TakeMatrix(WeightStore& store) {
  return store.root().Sub("a").AsLinear({.out = 2, .in = 1}).TakeMatrix({.out = 2, .in = 1});
}

TEST_F(WeightStoreTest, ScalesTheRowsOfAMatrixAsItsRuleSays) {
  folder_.Write("model.safetensors", kLayer);
  for (const LoadedTypes types : {LoadedTypes::kOfPlacement, LoadedTypes::kOfFiles}) {
    ASSERT_OK_AND_ASSIGN(WeightStore store, WeightStore::Open(folder_.path(), "model", {}, kScaledRule, types));
    const ScaledRows rows = TakeMatrix(store);
    EXPECT_EQ(TakeLayer(store).bias.scalar_type(), at::kFloat);
    EXPECT_TRUE(at::equal(Widened(rows, at::kFloat), at::tensor({1.f, 2.f}).view({2, 1})));
    EXPECT_EQ(rows.scale.sizes(), at::IntArrayRef({2, 1}));
    EXPECT_TRUE(store.taken().at("a.weight_scale").is_same(rows.scale));
  }
}

TEST_F(WeightStoreTest, WithoutARuleAMatrixHasNoScale) {
  folder_.Write("model.safetensors", kLayer);
  ASSERT_OK_AND_ASSIGN(WeightStore store, Open());
  const ScaledRows rows = TakeMatrix(store);
  EXPECT_FALSE(rows.scale.defined());
  EXPECT_TRUE(at::equal(rows.data, at::tensor({1.f, 2.f}).view({2, 1})));
  EXPECT_FALSE(store.taken().contains("a.weight_scale"));
}

TEST_F(WeightStoreTest, OverAnotherStoreScaledRowsStay) {
  folder_.Write("model.safetensors", kLayer);
  ASSERT_OK_AND_ASSIGN(WeightStore store, WeightStore::Open(folder_.path(), "model", {}, kScaledRule));
  const ScaledRows rows = TakeMatrix(store);
  for (const StorageRule& rule : {StorageRule(), kScaledRule}) {
    WeightStore over = WeightStore::Over(store.taken(), {}, rule, {});
    const ScaledRows same = TakeMatrix(over);
    EXPECT_TRUE(same.data.is_same(rows.data));
    EXPECT_TRUE(same.scale.is_same(rows.scale));
    EXPECT_THAT(over.Finish(), IsOk());
  }
}

TEST_F(WeightStoreTest, OverAnotherStoreAScaleOfOtherRowsIsRefused) {
  WeightStore store =
      WeightStore::Over({{"a.weight", at::ones({2, 1})}, {"a.weight_scale", at::ones({3, 1})}}, {}, {}, {});
  TakeMatrix(store);
  EXPECT_THAT(store.Finish(), StatusIs(absl::StatusCode::kFailedPrecondition,
                                       HasSubstr("'a.weight_scale' has shape [3, 1], expected [2, 1]")));
}

TEST_F(WeightStoreTest, LeavesTypesOfFilesWhereItIsAskedTo) {
  const std::string bf16("\x80\x3f\x20\x40", 4);  // 1, 2.5
  folder_.Write("model.safetensors", SafetensorsBytes({{"x", "BF16", {2}, bf16},
                                                       {"linear.weight", "BF16", {2, 1}, bf16},
                                                       {"small", "F8_E4M3", {2}, "\x38\x42"}}));
  ASSERT_OK_AND_ASSIGN(WeightStore store, WeightStore::Open(folder_.path(), "model", {}, kRule, LoadedTypes::kOfFiles));
  const WeightScope root = store.root();
  EXPECT_EQ(root.Take("x", {2}).scalar_type(), at::kBFloat16);
  EXPECT_EQ(root.Take("small", {2}).scalar_type(), at::kFloat);  // 8 bits stand for a rule's storage in memory
  EXPECT_EQ(root.Sub("linear").AsLinear({.out = 2, .in = 1}).Take("weight", {2, 1}).scalar_type(), at::kFloat8_e4m3fn);
  ASSERT_THAT(store.Finish(), IsOk());
  WeightStore over = WeightStore::Over(store.taken(), {}, {}, {});
  EXPECT_TRUE(at::equal(over.root().Take("x", {2}), at::tensor({1.f, 2.5f})));
  EXPECT_EQ(over.root().Take("linear.weight", {2, 1}).scalar_type(), at::kFloat8_e4m3fn);
}

TEST_F(WeightStoreTest, KnowsItsLinearLayersAndWhatTheyTook) {
  folder_.Write("model.safetensors", kLayer);
  ASSERT_OK_AND_ASSIGN(WeightStore store, Open());
  const LayerTensors layer = TakeLayer(store);
  ASSERT_EQ(store.layers().size(), 1);
  EXPECT_EQ(store.layers().begin()->first, "a");
  EXPECT_EQ(store.layers().begin()->second.out, 2);
  ASSERT_EQ(store.taken().size(), 2);
  EXPECT_TRUE(store.taken().at("a.weight").is_same(layer.weight));
  EXPECT_FALSE(layer.update.up.defined());
}

TEST_F(WeightStoreTest, OverAnotherStoreSharesWhatStays) {
  folder_.Write("model.safetensors", kLayer);
  ASSERT_OK_AND_ASSIGN(WeightStore store, Open());
  const LayerTensors layer = TakeLayer(store);
  const LayerUpdates updates = {{"a", {.up = at::ones({2, 1}, at::kBFloat16), .down = at::ones({1, 1})}}};
  WeightStore same = WeightStore::Over(store.taken(), {}, {}, updates);
  const LayerTensors shared = TakeLayer(same);
  EXPECT_TRUE(shared.weight.is_same(layer.weight));
  EXPECT_EQ(shared.update.up.scalar_type(), at::kFloat);
  EXPECT_TRUE(same.Finish().ok());
  WeightStore rounded = WeightStore::Over(store.taken(), {}, kRule, {});
  EXPECT_EQ(TakeLayer(rounded).weight.scalar_type(), c10::kFloat8_e4m3fn);
  WeightStore half = WeightStore::Over(store.taken(), {.dtype = at::kBFloat16}, {}, {});
  EXPECT_EQ(TakeLayer(half).weight.scalar_type(), at::kBFloat16);
  EXPECT_EQ(layer.weight.scalar_type(), at::kFloat);
}

TEST_F(WeightStoreTest, OverAnotherStoreMissesWhatThatOneLacked) {
  WeightStore store = WeightStore::Over({{"a.weight", at::ones({2, 1})}}, {}, {}, {});
  TakeLayer(store);
  EXPECT_THAT(store.Finish(), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("'a.bias' is missing")));
}

}  // namespace
}  // namespace ruyi
