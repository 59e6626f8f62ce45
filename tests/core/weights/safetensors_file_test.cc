#include "core/weights/safetensors_file.h"

#include <ATen/core/TensorBody.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/tensor.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "tests/core/weights/safetensors_bytes.h"
#include "tests/support/temporary_folder.h"

namespace ruyi {
namespace {

using testing::HasSubstr;

absl::StatusOr<SafetensorsFile> OpenBytes(std::string_view bytes) {
  const TemporaryFolder folder;
  return SafetensorsFile::Open(folder.Write("x.safetensors", bytes));
}

TEST(SafetensorsFile, HandsOutEveryType) {
  const std::vector<std::pair<std::string, c10::ScalarType>> types = {{"F64", at::kDouble},
                                                                      {"F32", at::kFloat},
                                                                      {"F16", at::kHalf},
                                                                      {"BF16", at::kBFloat16},
                                                                      {"I64", at::kLong},
                                                                      {"I32", at::kInt},
                                                                      {"I16", at::kShort},
                                                                      {"I8", at::kChar},
                                                                      {"U8", at::kByte},
                                                                      {"BOOL", at::kBool},
                                                                      {"F8_E4M3", at::kFloat8_e4m3fn},
                                                                      {"F8_E5M2", at::kFloat8_e5m2}};
  for (const auto& [name, type] : types) {
    const std::string zeros(2 * c10::elementSize(type), '\0');
    const auto file = OpenBytes(SafetensorsBytes({{"x", name, {2}, zeros}}));
    ASSERT_TRUE(file.ok()) << name << ": " << file.status();
    const auto tensor = file->Get("x");
    ASSERT_TRUE(tensor.ok()) << name;
    EXPECT_EQ(tensor->scalar_type(), type);
    EXPECT_EQ(tensor->numel(), 2);
  }
}

TEST(SafetensorsFile, ReadsValuesShapesScalarsAndEmptyTensors) {
  const auto file = OpenBytes(SafetensorsBytes({{"matrix", "F32", {2, 3}, FloatBytes({1, 2, 3, 4, 5, 6})},
                                                {"scalar", "F32", {}, FloatBytes({7})},
                                                {"empty", "F32", {0, 4}, ""}}));
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(file->entries().size(), 3);
  EXPECT_TRUE(at::equal(*file->Get("matrix"), at::tensor({1.f, 2.f, 3.f, 4.f, 5.f, 6.f}).view({2, 3})));
  EXPECT_EQ(file->Get("scalar")->item<float>(), 7);
  EXPECT_EQ(file->Get("empty")->sizes(), at::IntArrayRef({0, 4}));
}

TEST(SafetensorsFile, TensorsOutliveTheFile) {
  at::Tensor kept;
  {
    const auto file = OpenBytes(SafetensorsBytes({{"x", "F32", {1}, FloatBytes({3})}}));
    kept = *file->Get("x");
  }
  EXPECT_EQ(kept.item<float>(), 3);
}

TEST(SafetensorsFile, CopiesWhatIsNotAligned) {
  const auto file = OpenBytes(SafetensorsBytes({{"a", "U8", {1}, "z"}, {"b", "F32", {1}, FloatBytes({2.5})}}));
  ASSERT_TRUE(file.ok()) << file.status();
  const at::Tensor b = *file->Get("b");
  EXPECT_EQ(reinterpret_cast<uintptr_t>(b.data_ptr()) % alignof(float), 0);
  EXPECT_EQ(b.item<float>(), 2.5);
}

TEST(SafetensorsFile, TakesMetadataAndTrailingSpacesInTheHeader) {
  EXPECT_TRUE(OpenBytes(SafetensorsBytes(R"({"__metadata__":{"format":"pt"}}    )", "")).ok());
}

TEST(SafetensorsFile, MissingNameIsNotFound) {
  const auto file = OpenBytes(SafetensorsBytes({{"x", "F32", {1}, FloatBytes({3})}}));
  const auto tensor = file->Get("y");
  EXPECT_TRUE(absl::IsNotFound(tensor.status()));
  EXPECT_THAT(std::string(tensor.status().message()), HasSubstr("'y'"));
}

TEST(SafetensorsFile, MissingFileIsNotFound) {
  EXPECT_TRUE(absl::IsNotFound(SafetensorsFile::Open("no/such.safetensors").status()));
}

TEST(SafetensorsFile, FolderIsRefused) {
  const TemporaryFolder folder;
  EXPECT_TRUE(absl::IsDataLoss(SafetensorsFile::Open(folder.path()).status()));
}

TEST(SafetensorsFile, BoolBytesOtherThan0And1AreRefused) {
  const auto file = OpenBytes(SafetensorsBytes({{"x", "BOOL", {2}, std::string("\1\2", 2)}}));
  ASSERT_TRUE(file.ok());
  EXPECT_TRUE(absl::IsDataLoss(file->Get("x").status()));
}

TEST(SafetensorsFile, EveryTruncationIsRefused) {
  const std::string whole = SafetensorsBytes({{"x", "F32", {2}, FloatBytes({1, 2})}, {"y", "U8", {3}, "abc"}});
  ASSERT_TRUE(OpenBytes(whole).ok());
  for (size_t size = 0; size < whole.size(); ++size) {
    EXPECT_TRUE(absl::IsDataLoss(OpenBytes(whole.substr(0, size)).status())) << size;
  }
}

struct Damage {
  std::string name;
  std::string header;
  std::string data;
  std::string message;  // what the status must say
};

class DamagedSafetensors : public testing::TestWithParam<Damage> {};

TEST_P(DamagedSafetensors, IsDataLoss) {
  const auto file = OpenBytes(SafetensorsBytes(GetParam().header, GetParam().data));
  ASSERT_TRUE(absl::IsDataLoss(file.status())) << file.status();
  EXPECT_THAT(std::string(file.status().message()), HasSubstr(GetParam().message));
}

const std::string kDeep(200'000, '[');

INSTANTIATE_TEST_SUITE_P(
    Headers, DamagedSafetensors,
    testing::Values(
        Damage{"NotJson", "hello", "", "not valid JSON"}, Damage{"EmptyHeader", "", "", "not valid JSON"},
        Damage{"Array", "[1]", "", "not a JSON object"}, Damage{"InvalidUtf8", "{\"\xff\":1}", "", "not valid JSON"},
        Damage{"Deep", kDeep, "", "nested deeper"}, Damage{"DeepInside", "{\"x\":" + kDeep + "}", "", "nested deeper"},
        Damage{"DescriptionNotObject", R"({"x":1})", "", "not an object"},
        Damage{"NoDtype", R"({"x":{"shape":[1],"data_offsets":[0,4]}})", "abcd", "'dtype' is missing"},
        Damage{"DtypeNumber", R"({"x":{"dtype":1,"shape":[1],"data_offsets":[0,4]}})", "abcd", "'dtype' must be"},
        Damage{"UnknownDtype", R"({"x":{"dtype":"F31","shape":[1],"data_offsets":[0,4]}})", "abcd", "dtype 'F31'"},
        Damage{"NoShape", R"({"x":{"dtype":"F32","data_offsets":[0,4]}})", "abcd", "'shape' is missing"},
        Damage{"FractionalShape", R"({"x":{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}})", "abcd", "'shape'"},
        Damage{"NegativeShape", R"({"x":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}})", "abcd", "negative"},
        Damage{"ManyDimensions",
               R"({"x":{"dtype":"U8","shape":[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1],"data_offsets":[0,1]}})", "a",
               "more than 16"},
        Damage{"OverflowingShape", R"({"x":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}})", "",
               "overflows"},
        Damage{"ShapeBeyond64Bits", R"({"x":{"dtype":"U8","shape":[18446744073709551615],"data_offsets":[0,1]}})", "a",
               "'shape'"},
        Damage{"NoOffsets", R"({"x":{"dtype":"F32","shape":[1]}})", "abcd", "'data_offsets' is missing"},
        Damage{"OneOffset", R"({"x":{"dtype":"F32","shape":[1],"data_offsets":[0]}})", "abcd", "two numbers"},
        Damage{"BackwardOffsets", R"({"x":{"dtype":"U8","shape":[1],"data_offsets":[1,0]}})", "a", "lie outside"},
        Damage{"NegativeOffset", R"({"x":{"dtype":"U8","shape":[1],"data_offsets":[-1,0]}})", "a", "lie outside"},
        Damage{"OffsetBeyondData", R"({"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", "abcd", "lie outside"},
        Damage{"SizeTooSmall", R"({"x":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}})", "abcd", "take 8 bytes"},
        Damage{
            "Overlap",
            R"({"x":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"y":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}})",
            "abc", "overlaps"},
        Damage{
            "SameBytesTwice",
            R"({"x":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"y":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}})",
            "ab", "overlaps"},
        Damage{
            "Hole",
            R"({"x":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"y":{"dtype":"U8","shape":[1],"data_offsets":[2,3]}})",
            "abc", "a hole"},
        Damage{"HoleAtTheStart", R"({"x":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}})", "ab", "a hole"},
        Damage{"TrailingData", R"({"x":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})", "ab", "belong to no tensor"},
        Damage{
            "NameTwice",
            R"({"x":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"x":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}})",
            "ab", "'x' occurs twice"},
        Damage{"KeyTwice", R"({"x":{"dtype":"U8","dtype":"I8","shape":[1],"data_offsets":[0,1]}})", "a",
               "'dtype' occurs twice"}),
    [](const testing::TestParamInfo<Damage>& test) { return test.param.name; });

TEST(SafetensorsFile, HeaderOverTheLimitIsRefused) {
  EXPECT_TRUE(absl::IsDataLoss(OpenBytes(std::string("\x01\xe1\xf5\x05\0\0\0\0{}", 10)).status()));  // 100,000,001
  const auto largest = OpenBytes(std::string("\xff\xff\xff\xff\xff\xff\xff\xff{}", 10));
  ASSERT_TRUE(absl::IsDataLoss(largest.status()));
  EXPECT_THAT(std::string(largest.status().message()), HasSubstr("over the limit"));
}

}  // namespace
}  // namespace ruyi
