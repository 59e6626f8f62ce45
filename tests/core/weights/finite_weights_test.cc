// A store refuses numbers that are not finite, as they are stored and as they are to be computed with.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>

#include "core/weights/weight_store.h"
#include "tests/core/weights/safetensors_bytes.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_folder.h"

namespace ruyi {
namespace {

using testing::HasSubstr;

// Returns what a store says about a tensor "x" of one number among zeros.
absl::Status StatusOf(const StoredTensor& tensor, const TensorPlacement& placement = {}, const StorageRule& rule = {}) {
  const TemporaryFolder folder;
  folder.Write("model.safetensors", SafetensorsBytes({tensor}));
  absl::StatusOr<WeightStore> store = WeightStore::Open(folder.path(), "model", placement, rule);
  if (!store.ok())
    return store.status();
  store->root().AsLinear({.out = 1, .in = 1}).Take(tensor.name, tensor.shape);
  return store->Finish();
}

struct Number {
  std::string name;  // as GoogleTest wants it
  std::string type;
  std::string bytes;
  bool is_finite;
};

void PrintTo(const Number& number, std::ostream* out) {
  *out << number.name;
}

class StoredNumber : public testing::TestWithParam<Number> {};

// At the first, a middle and the last place of a tensor longer than what is looked at in one piece.
TEST_P(StoredNumber, IsRefusedWhereItIsNotFinite) {
  const Number& number = GetParam();
  constexpr int64_t kCount = 200;
  for (const int64_t place : {int64_t{0}, int64_t{63}, int64_t{64}, kCount - 1}) {
    std::string bytes(kCount * number.bytes.size(), '\0');
    bytes.replace(place * number.bytes.size(), number.bytes.size(), number.bytes);
    const absl::Status status = StatusOf({"x", number.type, {kCount}, bytes});
    if (number.is_finite) {
      EXPECT_THAT(status, IsOk()) << place;
    } else {
      EXPECT_THAT(status, StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("'x' is not finite"))) << place;
    }
  }
}

std::string Bytes(std::initializer_list<int> bytes) {
  std::string text;
  for (const int byte : bytes)
    text.push_back(static_cast<char>(byte));
  return text;
}

const Number kNumbers[] = {
    {"F64NaN", "F64", Bytes({0, 0, 0, 0, 0, 0, 0xf8, 0x7f}), false},
    {"F64MinusInf", "F64", Bytes({0, 0, 0, 0, 0, 0, 0xf0, 0xff}), false},
    {"F64BeyondF32", "F64", Bytes({0, 0, 0, 0, 0, 0, 0xe0, 0x7f}), false},
    {"F64One", "F64", Bytes({0, 0, 0, 0, 0, 0, 0xf0, 0x3f}), true},
    {"F32NaN", "F32", Bytes({1, 0, 0x80, 0x7f}), false},
    {"F32MinusNaN", "F32", Bytes({0, 0, 0xc0, 0xff}), false},
    {"F32Inf", "F32", Bytes({0, 0, 0x80, 0x7f}), false},
    {"F32Largest", "F32", Bytes({0xff, 0xff, 0x7f, 0xff}), true},
    {"F16NaN", "F16", Bytes({0, 0x7e}), false},
    {"F16MinusInf", "F16", Bytes({0, 0xfc}), false},
    {"F16Largest", "F16", Bytes({0xff, 0x7b}), true},
    {"BF16NaN", "BF16", Bytes({0xc0, 0xff}), false},
    {"BF16Inf", "BF16", Bytes({0x80, 0x7f}), false},
    {"BF16Largest", "BF16", Bytes({0x7f, 0x7f}), true},
    {"E4m3NaN", "F8_E4M3", Bytes({0xff}), false},
    {"E4m3Largest", "F8_E4M3", Bytes({0xfe}), true},
    {"E5m2NaN", "F8_E5M2", Bytes({0x7e}), false},
    {"E5m2MinusInf", "F8_E5M2", Bytes({0xfc}), false},
    {"E5m2Largest", "F8_E5M2", Bytes({0x7b}), true},
};

INSTANTIATE_TEST_SUITE_P(Types, StoredNumber, testing::ValuesIn(kNumbers),
                         [](const auto& test) { return test.param.name; });

TEST(FiniteWeights, TheLargestNumberOfFloat32IsNotFiniteInBfloat16) {
  const StoredTensor tensor = {"x", "F32", {1}, FloatBytes({std::numeric_limits<float>::max()})};
  EXPECT_THAT(StatusOf(tensor), IsOk());
  EXPECT_THAT(StatusOf(tensor, {.dtype = at::kBFloat16}),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("'x' is not finite as BFloat16")));
}

TEST(FiniteWeights, WhatTheStorageTypeCannotHoldIsRefused) {
  const StorageRule rule = [](const LayerTraits&) { return std::optional(c10::kFloat8_e4m3fn); };
  EXPECT_THAT(StatusOf({"x", "F32", {1}, FloatBytes({448})}, {}, rule), IsOk());
  EXPECT_THAT(StatusOf({"x", "F32", {1}, FloatBytes({-1000})}, {}, rule),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("its largest number is 1000")));
}

TEST(FiniteWeights, ATensorWithoutNumbersIsFinite) {
  EXPECT_THAT(StatusOf({"x", "F32", {0, 3}, ""}), IsOk());
}

TEST(FiniteWeights, AmongShardsTheFileIsNamed) {
  const TemporaryFolder folder;
  folder.Write("1.safetensors", SafetensorsBytes({{"a", "F32", {1}, FloatBytes({1})}}));
  folder.Write("2.safetensors", SafetensorsBytes({{"b", "F32", {1}, FloatBytes({NAN})}}));
  folder.Write("model.safetensors.index.json", R"({"weight_map":{"a":"1.safetensors","b":"2.safetensors"}})");
  ASSERT_OK_AND_ASSIGN(WeightStore store, WeightStore::Open(folder.path(), "model", {}));
  store.root().Take("a", {1});
  store.root().Take("b", {1});
  EXPECT_THAT(store.Finish(),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("'b' in 2.safetensors is not finite")));
}

}  // namespace
}  // namespace ruyi
