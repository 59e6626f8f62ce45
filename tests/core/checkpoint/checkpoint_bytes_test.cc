#include "core/checkpoint/checkpoint_bytes.h"

#include <ATen/core/TensorBody.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/equal.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "core/base/exception_guard.h"
#include "tests/core/weights/safetensors_bytes.h"
#include "tests/support/status_matchers.h"

namespace ruyi {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr absl::StatusCode kDataLoss = absl::StatusCode::kDataLoss;
constexpr std::string_view kMetadata = R"("__metadata__":{"format":"ruyi-checkpoint","version":"1"})";

// A checkpoint with `entries` beside the metadata.
std::string Checkpoint(const std::string& entries, std::string_view data) {
  return SafetensorsBytes("{" + std::string(kMetadata) + entries + "}", data);
}

TEST(CheckpointBytes, KeepEveryTypeAndShape) {
  TensorState state;
  for (const c10::ScalarType type : {at::kFloat, at::kBFloat16, at::kByte, at::kLong, at::kDouble, at::kHalf})
    state.Put(c10::toString(type), at::arange(6, at::TensorOptions(type)).view({1, 2, 3}));
  state.Put("scalar", at::arange(1, at::kFloat)[0]);
  state.Put("empty", at::empty({0, 4}, at::kFloat));
  ASSERT_OK_AND_ASSIGN(const TensorState parsed, ParseState(SerializeState(state)));
  ASSERT_EQ(parsed.tensors().size(), state.tensors().size());
  for (const auto& [name, tensor] : state.tensors()) {
    const at::Tensor& read = parsed.tensors().at(name);
    EXPECT_EQ(read.scalar_type(), tensor.scalar_type()) << name;
    EXPECT_EQ(read.sizes(), tensor.sizes()) << name;
    EXPECT_TRUE(at::equal(read, tensor)) << name;
  }
}

TEST(CheckpointBytes, KeepNumbersToTheBit) {
  TensorState state;
  state.PutIntegers("integers", {std::numeric_limits<int64_t>::min(), -1, std::numeric_limits<int64_t>::max()});
  state.PutIntegers("none", {});
  state.PutDouble("third", 1.0 / 3);
  state.PutDouble("zero", -0.0);
  ASSERT_OK_AND_ASSIGN(const TensorState parsed, ParseState(SerializeState(state)));
  EXPECT_THAT(*parsed.GetIntegers("integers"),
              ElementsAre(std::numeric_limits<int64_t>::min(), -1, std::numeric_limits<int64_t>::max()));
  EXPECT_THAT(*parsed.GetIntegers("none"), testing::IsEmpty());
  EXPECT_EQ(*parsed.GetDouble("third"), 1.0 / 3);
  EXPECT_TRUE(std::signbit(*parsed.GetDouble("zero")));
}

TEST(CheckpointBytes, TakeTensorsThatAreNotContiguous) {
  TensorState state;
  state.Put("x", at::arange(6, at::kFloat).view({2, 3}).t());
  EXPECT_TRUE(at::equal(ParseState(SerializeState(state))->tensors().at("x"), state.tensors().at("x")));
}

TEST(CheckpointBytes, AreTheSameForTheSameState) {
  TensorState state;
  state.PutDouble("b", 2);
  state.PutIntegers("a", {1});
  const std::string bytes = SerializeState(state);
  EXPECT_EQ(SerializeState(*ParseState(bytes)), bytes);
}

TEST(CheckpointBytes, OfNothingAreNothing) {
  ASSERT_OK_AND_ASSIGN(const TensorState parsed, ParseState(SerializeState({})));
  EXPECT_TRUE(parsed.tensors().empty());
}

TEST(CheckpointBytes, DoNotOwnTheText) {
  TensorState state;
  state.PutDouble("x", 5);
  auto bytes = std::make_unique<std::string>(SerializeState(state));
  ASSERT_OK_AND_ASSIGN(const TensorState parsed, ParseState(*bytes));
  bytes.reset();
  EXPECT_EQ(*parsed.GetDouble("x"), 5);
}

TEST(CheckpointBytes, RefuseATypeThatTheFormatLacks) {
  TensorState state;
  state.Put("x", at::empty({1}, at::kComplexFloat));
  EXPECT_THAT(GuardExceptions("saving", [&] { return SerializeState(state); }),
              StatusIs(absl::StatusCode::kInternal, HasSubstr("saving")));
}

TEST(CheckpointBytes, CutAnywhereAreDataLoss) {
  TensorState state;
  state.PutIntegers("x", {1, 2, 3});
  const std::string bytes = SerializeState(state);
  for (size_t size = 0; size < bytes.size(); ++size)
    ASSERT_THAT(ParseState(std::string_view(bytes).substr(0, size)), StatusIs(kDataLoss)) << size;
}

TEST(CheckpointBytes, OfWeightsAreNotACheckpoint) {
  for (const std::string_view header : {"{}", R"({"__metadata__":{"format":"pt","version":"1"}})",
                                        R"({"__metadata__":{"format":"ruyi-checkpoint"}})", R"({"__metadata__":7})"})
    EXPECT_THAT(ParseState(SafetensorsBytes(header, "")), StatusIs(kDataLoss, HasSubstr("not a checkpoint"))) << header;
}

TEST(CheckpointBytes, OfAnotherVersionAreRefused) {
  EXPECT_THAT(ParseState(SafetensorsBytes(R"({"__metadata__":{"format":"ruyi-checkpoint","version":"2"}})", "")),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("version '2'")));
}

TEST(CheckpointBytes, WithADamagedHeaderAreDataLoss) {
  EXPECT_THAT(ParseState(Checkpoint(R"(,"x":{"dtype":"F32","shape":[2],"data_offsets":[0,4]})", "1234")),
              StatusIs(kDataLoss, HasSubstr("'x'")));
}

TEST(CheckpointBytes, OfABoolThatIsNoneAreDataLoss) {
  const std::string entry = R"(,"x":{"dtype":"BOOL","shape":[2],"data_offsets":[0,2]})";
  EXPECT_THAT(ParseState(Checkpoint(entry, std::string_view("\1\0", 2))), IsOk());
  EXPECT_THAT(ParseState(Checkpoint(entry, std::string_view("\1\2", 2))), StatusIs(kDataLoss, HasSubstr("BOOL")));
}

TEST(CheckpointBytes, OfAShapeThatLibtorchCannotHoldAreAStatus) {
  const std::string entry = R"(,"x":{"dtype":"F32","shape":[0,4611686018427387904,4],"data_offsets":[0,0]})";
  EXPECT_THAT(ParseState(Checkpoint(entry, "")), StatusIs(absl::StatusCode::kInternal, HasSubstr("checkpoint")));
}

}  // namespace
}  // namespace ruyi
