#include "core/request/limits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>
#include <string>

#include "tests/support/status_matchers.h"
#include "tests/support/temporary_folder.h"

namespace ruyi {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::FieldsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr absl::StatusCode kInvalidArgument = absl::StatusCode::kInvalidArgument;

absl::StatusOr<RequestLimits> Load(const std::string& text) {
  const TemporaryFolder folder;
  folder.Write("serving.json", text);
  return LoadRequestLimits(folder.path());
}

void ExpectThoseOfRuyiMini(const RequestLimits& limits) {
  EXPECT_EQ(limits.model_name, "Ruyi-Mini-7B");
  EXPECT_THAT(limits.base_resolution, FieldsAre(384, 896, 512));
  EXPECT_EQ(limits.size_multiple, 16);
  EXPECT_EQ(limits.min_side, 256);
  EXPECT_EQ(limits.max_side, 1344);
  EXPECT_THAT(limits.sizes, IsEmpty());
  EXPECT_THAT(limits.frame_count, FieldsAre(8, 120, 120));
  EXPECT_EQ(limits.frame_multiple, 8);
  EXPECT_THAT(limits.steps, FieldsAre(1, 100, 25));
  EXPECT_THAT(limits.guidance_scale, FieldsAre(1.0, 20.0, 7.0));
  EXPECT_EQ(limits.max_start_images, 4);
  EXPECT_EQ(limits.max_end_images, 4);
}

TEST(LoadRequestLimits, GivesTheDefaultsForAFolderWithoutTheFile) {
  const TemporaryFolder folder;
  ASSERT_OK_AND_ASSIGN(const RequestLimits limits, LoadRequestLimits(folder.path()));
  ExpectThoseOfRuyiMini(limits);
}

TEST(LoadRequestLimits, GivesTheDefaultsForKeysThatAreAbsentOrNull) {
  ASSERT_OK_AND_ASSIGN(const RequestLimits empty, Load("{}"));
  ExpectThoseOfRuyiMini(empty);
  ASSERT_OK_AND_ASSIGN(const RequestLimits null, Load(R"({"steps": null, "sizes": null, "min_side": null})"));
  ExpectThoseOfRuyiMini(null);
}

TEST(LoadRequestLimits, ReadsEveryKey) {
  ASSERT_OK_AND_ASSIGN(const RequestLimits limits, Load(R"({
    "model_name": "other", "base_resolution": {"min": 64, "max": 256, "default": 128}, "size_multiple": 32,
    "min_side": 64, "max_side": 320, "sizes": [{"width": 64, "height": 96}],
    "frame_count": {"min": 4, "max": 40, "default": 20}, "frame_multiple": 4,
    "steps": {"min": 2, "max": 50, "default": 10}, "guidance_scale": {"min": 0, "max": 9.5, "default": 1.5},
    "max_start_images": 2, "max_end_images": 0})"));
  EXPECT_EQ(limits.model_name, "other");
  EXPECT_THAT(limits.base_resolution, FieldsAre(64, 256, 128));
  EXPECT_EQ(limits.size_multiple, 32);
  EXPECT_EQ(limits.min_side, 64);
  EXPECT_EQ(limits.max_side, 320);
  EXPECT_THAT(limits.sizes, ElementsAre(FieldsAre(64, 96)));
  EXPECT_THAT(limits.frame_count, FieldsAre(4, 40, 20));
  EXPECT_EQ(limits.frame_multiple, 4);
  EXPECT_THAT(limits.steps, FieldsAre(2, 50, 10));
  EXPECT_THAT(limits.guidance_scale, FieldsAre(0.0, 9.5, 1.5));
  EXPECT_EQ(limits.max_start_images, 2);
  EXPECT_EQ(limits.max_end_images, 0);
}

TEST(LoadRequestLimits, ReadsThoseOfTheTinyModel) {
  ASSERT_OK_AND_ASSIGN(const RequestLimits limits, LoadRequestLimits(RUYI_SOURCE_DIR "/models/ruyi-tiny"));
  EXPECT_EQ(limits.model_name, "ruyi-tiny");
  EXPECT_THAT(limits.base_resolution, FieldsAre(128, 256, 256));
  EXPECT_THAT(limits.sizes, SizeIs(26));
  EXPECT_THAT(limits.sizes.front(), FieldsAre(320, 192));
  EXPECT_THAT(limits.frame_count, FieldsAre(8, 24, 24));
  EXPECT_THAT(limits.guidance_scale, FieldsAre(1.0, 2.0, 1.0));
  EXPECT_THAT(limits.steps, FieldsAre(1, 100, 10));
  EXPECT_EQ(limits.max_end_images, 1);
}

TEST(LoadRequestLimits, RefusesWhatIsNoJsonObject) {
  for (const char* text : {"", "{", "[]", "7", R"({"steps": 1, "steps": 2})"})
    EXPECT_THAT(Load(text), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("serving.json"))) << text;
}

struct WrongFile {
  const char* name;
  const char* text;
  const char* message;
};

void PrintTo(const WrongFile& wrong, std::ostream* out) {
  *out << wrong.text;
}

const WrongFile kWrongFiles[] = {
    {"UnknownKey", R"({"step": 1})", "unknown key 'step'; known are model_name, base_resolution"},
    {"NameIsANumber", R"({"model_name": 7})", "'model_name'"},
    {"MultipleIsAString", R"({"size_multiple": "16"})", "'size_multiple'"},
    {"MultipleIsAFraction", R"({"size_multiple": 16.5})", "'size_multiple'"},
    {"MultipleIsZero", R"({"size_multiple": 0})", "'size_multiple' is 0; it must be 1 to 2147483647"},
    {"MinSideIsZero", R"({"min_side": 0})", "'min_side' is 0; it must be 1 to 2147483647"},
    {"MaxSideIsNegative", R"({"max_side": -1})", "'max_side' is -1; it must be 1 to 2147483647"},
    {"MaxSideIsNoInt", R"({"max_side": 3000000000})", "'max_side' is 3000000000"},
    {"MinSideIsOverMaxSide", R"({"min_side": 512, "max_side": 256})", "'min_side' is larger than 'max_side'"},
    {"FrameMultipleIsZero", R"({"frame_multiple": 0})", "'frame_multiple' is 0; it must be 1 to 2147483647"},
    {"NoStartImages", R"({"max_start_images": 0})", "'max_start_images' is 0; it must be 1 to 2147483647"},
    {"NegativeEndImages", R"({"max_end_images": -1})", "'max_end_images' is -1; it must be 0 to 2147483647"},
    {"RangeIsANumber", R"({"steps": 25})", "'steps': must be an object of min, max and default"},
    {"RangeLacksMin", R"({"steps": {"max": 9, "default": 9}})", "'steps': must be an object of"},
    {"RangeHasMore", R"({"steps": {"min": 1, "max": 9, "default": 9, "x": 1}})", "'steps': must be an object of"},
    {"RangeHasAnotherKey", R"({"steps": {"min": 1, "max": 9, "x": 9}})", "'default'"},
    {"RangeOfStrings", R"({"steps": {"min": "1", "max": 9, "default": 9}})", "'min'"},
    {"RangeOfFractions", R"({"steps": {"min": 1, "max": 9.5, "default": 9}})", "'max'"},
    {"RangeFromZero", R"({"steps": {"min": 0, "max": 9, "default": 9}})", "'min' is 0; it must be 1 to 2147483647"},
    {"EmptyRange", R"({"steps": {"min": 9, "max": 1, "default": 9}})", "'steps': must have min <= default <= max"},
    {"DefaultUnderMin", R"({"base_resolution": {"min": 384, "max": 896, "default": 383}})", "min <= default <= max"},
    {"DefaultOverMax", R"({"guidance_scale": {"min": 1, "max": 2, "default": 2.5}})", "min <= default <= max"},
    {"GuidanceIsAString", R"({"guidance_scale": {"min": 1, "max": "2", "default": 1}})", "'max'"},
    {"SizesAreNoList", R"({"sizes": {"width": 64, "height": 64}})", "'sizes' must be a list"},
    {"SizeIsANumber", R"({"sizes": [64]})", "'sizes[0]': 'width'"},
    {"SizeLacksItsHeight", R"({"sizes": [{"width": 64}]})", "'sizes[0]': 'height'"},
    {"SizeIsZero", R"({"sizes": [{"width": 0, "height": 64}]})", "'width' is 0; it must be 1 to 2147483647"},
    {"SizeOffTheGrid", R"({"sizes": [{"width": 64, "height": 70}]})", "'sizes': 64x70 is not in multiples of 16"},
    {"MinFramesOffTheGrid", R"({"frame_count": {"min": 4, "max": 16, "default": 8}})", "must be multiples of 8"},
    {"MaxFramesOffTheGrid", R"({"frame_count": {"min": 8, "max": 20, "default": 8}})", "must be multiples of 8"},
    {"DefaultFramesOffTheGrid", R"({"frame_count": {"min": 8, "max": 16, "default": 9}})", "must be multiples of 8"},
    {"FramesOffAnotherGrid", R"({"frame_multiple": 16})",
     "'frame_count': min, max and default must be multiples of 16"},
};

class LoadWrongLimits : public testing::TestWithParam<WrongFile> {};

TEST_P(LoadWrongLimits, IsRefusedWithTheFileAndTheKey) {
  EXPECT_THAT(Load(GetParam().text),
              StatusIs(kInvalidArgument, AllOf(HasSubstr("serving.json: "), HasSubstr(GetParam().message))));
}

INSTANTIATE_TEST_SUITE_P(Every, LoadWrongLimits, testing::ValuesIn(kWrongFiles),
                         [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace ruyi
