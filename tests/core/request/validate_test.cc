#include "core/request/validate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/error_reasons.h"
#include "core/request/quality_profile.h"
#include "tests/core/request/validation.h"
#include "tests/support/status_matchers.h"
#include "tests/support/test_plan.h"

namespace ruyi {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::FieldsAre;
using testing::HasSubstr;

TEST(Validate, FillsInTheDefaults) {
  ASSERT_OK_AND_ASSIGN(const ValidatedRequest valid, ValidateWith(TestRequest()));
  EXPECT_EQ(valid.size, (PixelSize{512, 512}));
  EXPECT_EQ(valid.frame_count, 120);
  EXPECT_EQ(valid.steps, 25);
  EXPECT_EQ(valid.guidance_scale, 7.0);
  EXPECT_EQ(valid.camera, Camera::kAuto);
  EXPECT_EQ(valid.motion, std::nullopt);
  EXPECT_EQ(valid.seed, std::nullopt);
  EXPECT_EQ(valid.execution_timeout, absl::InfiniteDuration());
  EXPECT_EQ(valid.guidance_rescale, 0.0);
  EXPECT_EQ(valid.clip_apply_ratio, 0.4);
  EXPECT_EQ(valid.fp8, Fp8Settings());
  EXPECT_TRUE(valid.loras.empty());
  EXPECT_FALSE(valid.tea_cache.has_value());
  EXPECT_FALSE(valid.enhance.has_value());
  EXPECT_FALSE(valid.easy_cache.has_value());
  EXPECT_FALSE(valid.guidance_gate.has_value());
  EXPECT_EQ(valid.vae_tiling, std::nullopt);
  EXPECT_EQ(valid.encoding, EncodingSettings());
  EXPECT_EQ(valid.preview, std::nullopt);
}

TEST(Validate, TakesTheDefaultsFromTheLimits) {
  RequestLimits limits;
  limits.base_resolution.default_value = 640;
  limits.frame_count.default_value = 24;
  limits.steps.default_value = 10;
  limits.guidance_scale.default_value = 1.5;
  limits.fp8 = {.mode = Fp8Mode::kLite, .type = Fp8Type::kE5m2};
  ASSERT_OK_AND_ASSIGN(const ValidatedRequest valid, ValidateWith(TestRequest(), limits));
  EXPECT_EQ(valid.size, (PixelSize{640, 640}));
  EXPECT_EQ(valid.frame_count, 24);
  EXPECT_EQ(valid.steps, 10);
  EXPECT_EQ(valid.guidance_scale, 1.5);
  EXPECT_EQ(valid.fp8, limits.fp8);
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
  EXPECT_EQ(valid.size, *request.size);
  EXPECT_EQ(valid.frame_count, 48);
  EXPECT_EQ(valid.camera, Camera::kLeft);
  EXPECT_EQ(valid.motion, 3);
  EXPECT_EQ(valid.steps, 50);
  EXPECT_EQ(valid.guidance_scale, 4.5);
  EXPECT_EQ(valid.seed, 0);
  EXPECT_EQ(valid.execution_timeout, absl::Seconds(90));
}

TEST(Validate, KeepsTheOptionsThatTheCallerChose) {
  GenerationRequest request = TestRequest();
  request.guidance_rescale = 0.7;
  request.clip_apply_ratio = 0.0;
  request.fp8 = {.mode = Fp8Mode::kStrong, .type = Fp8Type::kE5m2};
  request.loras = {{.name = "film", .strength = -0.5}, {.name = "film"}};
  request.tea_cache = {.threshold = 0.2, .skip_start_steps = 4, .skip_end_steps = 5, .offload = true};
  request.enhance = {.weight = 2.5, .skip_start_steps = 6, .skip_end_steps = 7};
  request.vae_tiling = false;
  request.encoding = {.crf = 30, .preset = EncoderPreset::kFast, .fragment_frames = 24};
  request.preview = {.every_steps = 3, .width = 64};
  ASSERT_OK_AND_ASSIGN(const ValidatedRequest valid, ValidateWith(request));
  EXPECT_EQ(valid.guidance_rescale, 0.7);
  EXPECT_EQ(valid.clip_apply_ratio, 0.0);
  EXPECT_EQ(valid.fp8, request.fp8);
  const std::string sha256 = FakeLoraCatalog::Sha256Of("film");
  EXPECT_THAT(valid.loras, ElementsAre(FieldsAre("film", -0.5, sha256), FieldsAre("film", 1.0, sha256)));
  EXPECT_THAT(valid.tea_cache, testing::Optional(FieldsAre(0.2, 4, 5, true)));
  EXPECT_THAT(valid.enhance, testing::Optional(FieldsAre(2.5, 6, 7)));
  EXPECT_EQ(valid.vae_tiling, false);
  EXPECT_EQ(valid.encoding, (EncodingSettings{.crf = 30, .preset = EncoderPreset::kFast, .fragment_frames = 24}));
  EXPECT_EQ(valid.preview, request.preview);
}

TEST(Validate, KeepsTheCacheAndTheGateThatTheCallerChose) {
  GenerationRequest request = TestRequest();
  request.easy_cache = {.threshold = 0.2, .skip_start_steps = 4, .skip_end_steps = 5};
  request.guidance_gate = {.start_ratio = 0.25};
  ASSERT_OK_AND_ASSIGN(const ValidatedRequest valid, ValidateWith(request));
  EXPECT_THAT(valid.easy_cache, testing::Optional(FieldsAre(0.2, 4, 5)));
  EXPECT_THAT(valid.guidance_gate, testing::Optional(FieldsAre(0.25)));
}

TEST(Validate, FillsInWhatTheQualityStandsFor) {
  for (const Quality quality : {Quality::kLossless, Quality::kBalanced, Quality::kFast}) {
    GenerationRequest request = TestRequest();
    request.quality = quality;
    ASSERT_OK_AND_ASSIGN(const ValidatedRequest valid, ValidateWith(request));
    const QualityProfile profile = ProfileOf(quality);
    EXPECT_EQ(valid.easy_cache.has_value(), profile.easy_cache.has_value());
    EXPECT_EQ(valid.guidance_gate.has_value(), profile.guidance_gate.has_value());
  }
}

TEST(Validate, TakesOnePlainFileInPlaceOfFragments) {
  GenerationRequest request = TestRequest();
  request.encoding.faststart = true;
  ASSERT_OK_AND_ASSIGN(const ValidatedRequest valid, ValidateWith(request));
  EXPECT_EQ(valid.encoding, EncodingSettings{.faststart = true});
}

TEST(Validate, TakesTheLeastAndTheMostOfEverything) {
  GenerationRequest least = TestRequest();
  least.size = PixelSize{.width = 256, .height = 256};
  least.frame_count = 8;
  least.motion = 1;
  least.steps = 1;
  least.guidance_scale = 1.0;
  least.execution_timeout = absl::Nanoseconds(1);
  least.guidance_rescale = 0.0;
  least.clip_apply_ratio = 0.0;
  least.loras = {{.name = "film", .strength = -10.0}};
  least.tea_cache = {.threshold = 0.0, .skip_start_steps = 1, .skip_end_steps = 1};
  least.enhance = {.weight = 0.0, .skip_start_steps = 0, .skip_end_steps = 0};
  EXPECT_THAT(ValidateWith(least), IsOk());
  least.tea_cache.reset();
  least.enhance.reset();
  least.easy_cache = {.threshold = 0.0, .skip_start_steps = 1, .skip_end_steps = 1};
  least.guidance_gate = {.start_ratio = 1e-9};
  least.encoding = {.crf = 0, .fragment_frames = 1};
  least.preview = {.every_steps = 1, .width = 16};
  EXPECT_THAT(ValidateWith(least), IsOk());
  GenerationRequest most = TestRequest();
  most.start_images = Pictures({"image 8x8", "image 8x8", "image 8x8", "image 8x8"});
  most.end_images = most.start_images;
  most.size = PixelSize{.width = 1344, .height = 1344};
  most.frame_count = 120;
  most.motion = 4;
  most.steps = 100;
  most.guidance_scale = 20.0;
  most.guidance_rescale = 1.0;
  most.clip_apply_ratio = 1.0;
  most.loras.resize(4, {.name = "film", .strength = 10.0});
  most.tea_cache = {.threshold = 1.0, .skip_start_steps = 100, .skip_end_steps = 100};
  most.enhance = {.weight = 10.0, .skip_start_steps = 100, .skip_end_steps = 100};
  EXPECT_THAT(ValidateWith(most), IsOk());
  most.tea_cache.reset();
  most.enhance.reset();
  most.easy_cache = {.threshold = 1.0, .skip_start_steps = 100, .skip_end_steps = 100};
  most.guidance_gate = {.start_ratio = 0.999999};
  most.encoding = {.crf = 51, .fragment_frames = 120};
  most.preview = {.every_steps = 100, .width = 512};
  EXPECT_THAT(ValidateWith(most), IsOk());
}

TEST(Validate, TakesBothEndsOfTheBaseResolution) {
  for (const int pixels : {384, 896}) {
    GenerationRequest request = TestRequest();
    request.base_resolution = pixels;
    ASSERT_OK_AND_ASSIGN(const ValidatedRequest valid, ValidateWith(request));
    EXPECT_EQ(valid.size, (PixelSize{pixels, pixels}));
  }
}

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

TEST(Validate, TakesAsManyBlocksAndStatesAsTheModelHas) {
  RequestLimits limits;
  limits.max_resident_blocks = 4;
  limits.max_resident_states = 3;
  GenerationRequest request = TestRequest();
  request.memory = {.resident_blocks = 4, .resident_states = 3};
  EXPECT_THAT(ValidateWith(request, limits), IsOk());
  request.memory = {.resident_blocks = 5, .resident_states = 4};
  EXPECT_THAT(ViolationsOf(request, limits),
              ElementsAre(FieldsAre("memory.resident_blocks", "5 is more than this model has; use up to 4"),
                          FieldsAre("memory.resident_states", "4 is more than this model has; use up to 3")));
}

TEST(Validate, TakesAsManyLorasAsTheServerAllows) {
  GenerationRequest request = TestRequest();
  request.loras = {{.name = "film"}, {.name = "film"}};
  EXPECT_THAT(ValidateWith(request, {.max_loras = 2}), IsOk());
  EXPECT_THAT(ViolationsOf(request, {.max_loras = 1}),
              ElementsAre(FieldsAre("acceleration.loras", HasSubstr("at most 1"))));
}

TEST(Validate, TakesEveryFp8ModeForWholeWeights) {
  for (const Fp8Mode mode : {Fp8Mode::kNone, Fp8Mode::kLite, Fp8Mode::kStrong, Fp8Mode::kExtreme}) {
    for (const Fp8Type type : {Fp8Type::kE4m3fn, Fp8Type::kE5m2}) {
      GenerationRequest request = TestRequest();
      request.fp8 = {.mode = mode, .type = type};
      ASSERT_OK_AND_ASSIGN(const ValidatedRequest valid, ValidateWith(request));
      EXPECT_EQ(valid.fp8, request.fp8);
    }
  }
}

TEST(Validate, TakesScaledArithmeticWithItsTypeOnly) {
  GenerationRequest request = TestRequest();
  request.fp8 = {.mode = Fp8Mode::kStrong, .arithmetic = Fp8Arithmetic::kScaled};
  ASSERT_OK_AND_ASSIGN(const ValidatedRequest valid, ValidateWith(request));
  EXPECT_EQ(valid.fp8, request.fp8);
  request.fp8->type = Fp8Type::kE5m2;
  const absl::Status status = ValidateWith(request).status();
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("scaled arithmetic has e4m3fn only")));
  EXPECT_THAT(GetErrorInfo(status).field_violations, ElementsAre(FieldsAre("acceleration.fp8.type", testing::_)));
  request.fp8->mode = Fp8Mode::kNone;
  EXPECT_TRUE(ValidateWith(request).ok());
}

// Weights in 8 bits serve the mode that they are in.
class ValidateFp8 : public testing::Test {
 protected:
  absl::StatusOr<ValidatedRequest> Ask(Fp8Settings fp8) {
    request_.fp8 = fp8;
    return ValidateWith(request_, limits_);
  }

  const RequestLimits limits_ = {.fp8 = {.mode = Fp8Mode::kStrong}};
  GenerationRequest request_ = TestRequest();
};

TEST_F(ValidateFp8, TakesTheLoadedMode) {
  EXPECT_THAT(Ask({.mode = Fp8Mode::kStrong}), IsOk());
}

TEST_F(ValidateFp8, HasNoOtherModeOrType) {
  for (const Fp8Settings fp8 : {Fp8Settings(), Fp8Settings{.mode = Fp8Mode::kLite},
                                Fp8Settings{.mode = Fp8Mode::kStrong, .type = Fp8Type::kE5m2}}) {
    const absl::Status status = Ask(fp8).status();
    EXPECT_THAT(status, StatusIs(absl::StatusCode::kUnimplemented, HasSubstr("GetCapabilities names")));
    EXPECT_THAT(status, HasReason(reason::kFeatureNotBuilt));
    EXPECT_THAT(GetErrorInfo(status).field_violations,
                ElementsAre(FieldsAre("acceleration.fp8", HasSubstr("in 8 bits already"))));
  }
}

TEST_F(ValidateFp8, IsToldWithAllThatIsWrong) {
  request_.steps = 0;
  const absl::Status status = Ask({.mode = Fp8Mode::kLite}).status();
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(status, HasReason(reason::kInvalidRequest));
  EXPECT_THAT(GetErrorInfo(status).field_violations,
              ElementsAre(FieldsAre("steps", testing::_), FieldsAre("acceleration.fp8", testing::_)));
}

TEST(Validate, SaysThatAPictureIsTooLarge) {
  GenerationRequest request = TestRequest();
  request.end_images = Pictures({"huge"});
  request.steps = 0;
  const absl::Status status = ValidateWith(request).status();
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kInvalidArgument));
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
  request.end_images = Pictures({"image 8x8"});
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
