#include "core/request/validate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <ostream>
#include <string>

#include "core/base/error_info.h"
#include "core/base/error_reasons.h"
#include "tests/support/fake_image_decoder.h"
#include "tests/support/fake_lora_catalog.h"
#include "tests/support/status_matchers.h"
#include "tests/support/test_plan.h"

namespace ruyi {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::Field;
using testing::FieldsAre;
using testing::HasSubstr;

constexpr absl::StatusCode kInvalidArgument = absl::StatusCode::kInvalidArgument;

absl::StatusOr<ValidatedRequest> ValidateWith(const GenerationRequest& request, const RequestLimits& limits = {}) {
  return Validate(request, limits, FakeImageDecoder(), FakeLoraCatalog({"film", "broken"}, "broken"));
}

std::vector<FieldViolation> ViolationsOf(const GenerationRequest& request, const RequestLimits& limits = {}) {
  return GetErrorInfo(ValidateWith(request, limits).status()).field_violations;
}

TEST(Validate, FillsInTheDefaults) {
  ASSERT_OK_AND_ASSIGN(const ValidatedRequest valid, ValidateWith(TestRequest()));
  EXPECT_EQ(std::get<BaseResolution>(valid.resolution).pixels, 512);
  EXPECT_EQ(valid.frame_count, 120);
  EXPECT_EQ(valid.steps, 25);
  EXPECT_EQ(valid.guidance_scale, 7.0);
  EXPECT_EQ(valid.camera, Camera::kAuto);
  EXPECT_EQ(valid.motion, std::nullopt);
  EXPECT_EQ(valid.seed, std::nullopt);
  EXPECT_EQ(valid.execution_timeout, absl::InfiniteDuration());
}

TEST(Validate, TakesTheDefaultsFromTheLimits) {
  RequestLimits limits;
  limits.base_resolution.default_value = 640;
  limits.frame_count.default_value = 24;
  limits.steps.default_value = 10;
  limits.guidance_scale.default_value = 1.5;
  ASSERT_OK_AND_ASSIGN(const ValidatedRequest valid, ValidateWith(TestRequest(), limits));
  EXPECT_EQ(std::get<BaseResolution>(valid.resolution).pixels, 640);
  EXPECT_EQ(valid.frame_count, 24);
  EXPECT_EQ(valid.steps, 10);
  EXPECT_EQ(valid.guidance_scale, 1.5);
}

TEST(Validate, KeepsWhatTheCallerChose) {
  GenerationRequest request = TestRequest();
  request.size = PixelSize{.width = 512, .height = 384};
  request.frame_count = 48;
  request.camera = Camera::kLeft;
  request.motion = 3;
  request.steps = 50;
  request.guidance_scale = 4.5;
  request.seed = 0;
  request.execution_timeout = absl::Seconds(90);
  ASSERT_OK_AND_ASSIGN(const ValidatedRequest valid, ValidateWith(request));
  EXPECT_EQ(std::get<PixelSize>(valid.resolution), *request.size);
  EXPECT_EQ(valid.frame_count, 48);
  EXPECT_EQ(valid.camera, Camera::kLeft);
  EXPECT_EQ(valid.motion, 3);
  EXPECT_EQ(valid.steps, 50);
  EXPECT_EQ(valid.guidance_scale, 4.5);
  EXPECT_EQ(valid.seed, 0);
  EXPECT_EQ(valid.execution_timeout, absl::Seconds(90));
}

TEST(Validate, DecodesThePicturesInTheirOrder) {
  GenerationRequest request = TestRequest();
  request.start_images = {"image 64x32", "image 30x20"};
  request.end_images = {"image 8x9"};
  ASSERT_OK_AND_ASSIGN(const ValidatedRequest valid, ValidateWith(request));
  const auto has_size = [](int width, int height) {
    return AllOf(Field(&RgbImage::width, width), Field(&RgbImage::height, height));
  };
  EXPECT_THAT(valid.start_images, ElementsAre(has_size(64, 32), has_size(30, 20)));
  EXPECT_THAT(valid.end_images, ElementsAre(has_size(8, 9)));
}

TEST(Validate, TakesTheLeastAndTheMostOfEverything) {
  GenerationRequest least = TestRequest();
  least.size = PixelSize{.width = 256, .height = 256};
  least.frame_count = 8;
  least.motion = 1;
  least.steps = 1;
  least.guidance_scale = 1.0;
  least.execution_timeout = absl::Nanoseconds(1);
  EXPECT_THAT(ValidateWith(least), IsOk());
  GenerationRequest most = TestRequest();
  most.start_images.resize(4, "image 8x8");
  most.end_images.resize(4, "image 8x8");
  most.size = PixelSize{.width = 1344, .height = 1344};
  most.frame_count = 120;
  most.motion = 4;
  most.steps = 100;
  most.guidance_scale = 20.0;
  EXPECT_THAT(ValidateWith(most), IsOk());
}

TEST(Validate, TakesBothEndsOfTheBaseResolution) {
  for (const int pixels : {384, 896}) {
    GenerationRequest request = TestRequest();
    request.base_resolution = pixels;
    ASSERT_OK_AND_ASSIGN(const ValidatedRequest valid, ValidateWith(request));
    EXPECT_EQ(std::get<BaseResolution>(valid.resolution).pixels, pixels);
  }
}

struct WrongField {
  const char* name;
  std::function<void(GenerationRequest&)> spoil;
  const char* field;
  const char* description;
};

void PrintTo(const WrongField& wrong, std::ostream* out) {
  *out << wrong.name;
}

const WrongField kWrongFields[] = {
    {"NoStartImage", [](auto& r) { r.start_images.clear(); }, "start_images", "0 given; send 1 to 4"},
    {"FiveStartImages", [](auto& r) { r.start_images.resize(5); }, "start_images", "5 given; send 1 to 4"},
    {"FiveEndImages", [](auto& r) { r.end_images.resize(5); }, "end_images", "5 given; send 0 to 4"},
    {"DamagedStartImage", [](auto& r) { r.start_images.push_back("junk"); }, "start_images[1]", "not a picture"},
    {"DamagedEndImage", [](auto& r) { r.end_images = {"junk"}; }, "end_images[0]", "not a picture"},
    {"SmallBase", [](auto& r) { r.base_resolution = 383; }, "base_resolution", "383 is out of range; use 384 to 896"},
    {"LargeBase", [](auto& r) { r.base_resolution = 897; }, "base_resolution", "897 is out of range; use 384 to 896"},
    {"SmallWidth", [](auto& r) { r.size = {255, 512}; }, "size.width", "255 is out of range; use 256 to 1344"},
    {"LargeWidth", [](auto& r) { r.size = {1345, 512}; }, "size.width", "1345 is out of range; use 256 to 1344"},
    {"OddWidth", [](auto& r) { r.size = {500, 512}; }, "size.width", "500 is not a multiple of 16; use 496 or 512"},
    {"SmallHeight", [](auto& r) { r.size = {512, -1}; }, "size.height", "-1 is out of range; use 256 to 1344"},
    {"LargeHeight", [](auto& r) { r.size = {512, 1360}; }, "size.height", "1360 is out of range; use 256 to 1344"},
    {"OddHeight", [](auto& r) { r.size = {512, 1343}; }, "size.height", "1343 is not a multiple of 16; use 1328 or"},
    {"FewFrames", [](auto& r) { r.frame_count = 7; }, "frame_count", "7 is out of range; use 8 to 120"},
    {"ManyFrames", [](auto& r) { r.frame_count = 128; }, "frame_count", "128 is out of range; use 8 to 120"},
    {"OddFrames", [](auto& r) { r.frame_count = 20; }, "frame_count", "20 is not a multiple of 8; use 16 or 24"},
    {"NoMotion", [](auto& r) { r.motion = 0; }, "motion", "0 is out of range; use 1 to 4, or leave it out for auto"},
    {"MuchMotion", [](auto& r) { r.motion = 5; }, "motion", "5 is out of range; use 1 to 4"},
    {"NoSteps", [](auto& r) { r.steps = 0; }, "steps", "0 is out of range; use 1 to 100"},
    {"ManySteps", [](auto& r) { r.steps = 101; }, "steps", "101 is out of range; use 1 to 100"},
    {"FewPndmSteps",
     [](auto& r) {
       r.sampler = SamplerKind::kPndm;
       r.steps = 3;
     },
     "steps", "3 is too few for the sampler PNDM; use 4 or more"},
    {"LargeThreshold", [](auto& r) { r.tea_cache = {.threshold = 1.5}; }, "acceleration.tea_cache.threshold",
     "use 0 to 1"},
    {"NoComputedStart", [](auto& r) { r.tea_cache = {.skip_start_steps = 0}; },
     "acceleration.tea_cache.skip_start_steps", "0 is out of range; use 1 to 100"},
    {"NoComputedEnd", [](auto& r) { r.tea_cache = {.skip_end_steps = 0}; }, "acceleration.tea_cache.skip_end_steps",
     "0 is out of range; use 1 to 100"},
    {"HeavyEnhance", [](auto& r) { r.enhance = {.weight = 11}; }, "acceleration.enhance_a_video.weight", "use 0 to 10"},
    {"NegativeSkip", [](auto& r) { r.enhance = {.skip_start_steps = -1}; },
     "acceleration.enhance_a_video.skip_start_steps", "-1 is out of range; use 0 to 100"},
    {"LowGuidance", [](auto& r) { r.guidance_scale = 0.5; }, "guidance_scale", "0.5 is out of range; use 1 to 20"},
    {"HighGuidance", [](auto& r) { r.guidance_scale = 20.5; }, "guidance_scale", "20.5 is out of range; use 1 to 20"},
    {"NanGuidance", [](auto& r) { r.guidance_scale = std::numeric_limits<double>::quiet_NaN(); }, "guidance_scale",
     "nan is out of range; use 1 to 20"},
    {"NoTime", [](auto& r) { r.execution_timeout = absl::ZeroDuration(); }, "execution_timeout", "longer than zero"},
    {"NegativeTime", [](auto& r) { r.execution_timeout = -absl::Seconds(1); }, "execution_timeout", "longer than zero"},
};

class ValidateField : public testing::TestWithParam<WrongField> {};

TEST_P(ValidateField, NamesTheFieldAndWhatItMayBe) {
  GenerationRequest request = TestRequest();
  GetParam().spoil(request);
  const absl::Status status = ValidateWith(request).status();
  EXPECT_THAT(status, StatusIs(kInvalidArgument, HasSubstr(GetParam().description)));
  EXPECT_THAT(status, HasReason(reason::kInvalidRequest));
  EXPECT_THAT(GetErrorInfo(status).field_violations,
              ElementsAre(FieldsAre(GetParam().field, HasSubstr(GetParam().description))));
}

INSTANTIATE_TEST_SUITE_P(Every, ValidateField, testing::ValuesIn(kWrongFields),
                         [](const auto& test) { return std::string(test.param.name); });

TEST(Validate, RefusesMorePicturesThanFrames) {
  RequestLimits limits;
  limits.max_start_images = 20;
  GenerationRequest request = TestRequest();
  request.start_images.resize(9, request.start_images.front());
  request.frame_count = 8;
  EXPECT_THAT(ViolationsOf(request, limits),
              ElementsAre(FieldsAre("frame_count", HasSubstr("8 frames do not hold 9 pictures"))));
}

TEST(Validate, RefusesASizeTogetherWithABaseResolution) {
  GenerationRequest request = TestRequest();
  request.size = PixelSize{.width = 512, .height = 512};
  request.base_resolution = 512;
  EXPECT_THAT(ViolationsOf(request), ElementsAre(FieldsAre("size", HasSubstr("send one of the two"))));
}

TEST(Validate, ReportsAllWrongFieldsAtOnceInTheirOrder) {
  GenerationRequest request;
  request.start_images = {"junk", "image 8x8", "junk"};
  request.end_images.resize(5);
  request.size = PixelSize{.width = 500, .height = 1};
  request.frame_count = 20;
  request.motion = 5;
  request.steps = 0;
  request.guidance_scale = 0.0;
  request.execution_timeout = absl::ZeroDuration();
  std::vector<std::string> fields;
  for (const FieldViolation& violation : ViolationsOf(request))
    fields.push_back(violation.field);
  EXPECT_THAT(fields, ElementsAre("start_images[0]", "start_images[2]", "end_images", "size.width", "size.height",
                                  "frame_count", "motion", "steps", "guidance_scale", "execution_timeout"));
}

TEST(Validate, SaysThatAPictureIsTooLarge) {
  GenerationRequest request = TestRequest();
  request.end_images = {"huge"};
  request.steps = 0;
  const absl::Status status = ValidateWith(request).status();
  EXPECT_THAT(status, StatusIs(kInvalidArgument));
  EXPECT_THAT(status, HasReason(reason::kImageTooLarge));
  EXPECT_THAT(GetErrorInfo(status).field_violations,
              ElementsAre(FieldsAre("end_images[0]", HasSubstr("too large")), FieldsAre("steps", HasSubstr("0"))));
}

TEST(Validate, HandsItsImageLimitsToTheDecoder) {
  RequestLimits limits;
  limits.image.max_pixels = 64 * 64;
  EXPECT_THAT(ValidateWith(TestRequest(), limits), IsOk());
  limits.image.max_pixels = 64 * 64 - 1;
  EXPECT_THAT(ValidateWith(TestRequest(), limits), HasReason(reason::kImageTooLarge));
}

TEST(Validate, SaysWhenTheModelTakesNoEndImages) {
  RequestLimits limits;
  limits.max_end_images = 0;
  GenerationRequest request = TestRequest();
  EXPECT_THAT(ValidateWith(request, limits), IsOk());
  request.end_images = {"image 8x8"};
  EXPECT_THAT(ViolationsOf(request, limits), ElementsAre(FieldsAre("end_images", HasSubstr("takes none"))));
}

TEST(Validate, TakesOnlyTheListedSizesOfAModelThatListsThem) {
  RequestLimits limits;
  limits.sizes = {{160, 96}, {96, 160}};
  GenerationRequest request = TestRequest();
  request.size = PixelSize{.width = 96, .height = 160};
  EXPECT_THAT(ValidateWith(request, limits), IsOk());
  request.size = PixelSize{.width = 512, .height = 512};
  EXPECT_THAT(ViolationsOf(request, limits),
              ElementsAre(FieldsAre("size", AllOf(HasSubstr("512x512"), HasSubstr("use one of 160x96, 96x160")))));
}

TEST(Validate, NamesOnlyMultiplesInsideTheRange) {
  RequestLimits limits;
  limits.min_side = 250;
  limits.max_side = 1350;
  GenerationRequest request = TestRequest();
  request.size = PixelSize{.width = 251, .height = 1349};
  EXPECT_THAT(ViolationsOf(request, limits),
              ElementsAre(FieldsAre("size.width", "251 is not a multiple of 16; use 256"),
                          FieldsAre("size.height", "1349 is not a multiple of 16; use 1344")));
}

}  // namespace
}  // namespace ruyi
