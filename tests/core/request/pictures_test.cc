// Tests what Validate makes of pictures: the size of the video, pictures in that size, and their digests.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/base/error_reasons.h"
#include "core/digest/sha256.h"
#include "core/media/pillow_resize.h"
#include "tests/core/request/validation.h"
#include "tests/support/noisy_image.h"
#include "tests/support/status_matchers.h"
#include "tests/support/test_plan.h"
#include "tests/support/ticking_clock.h"

namespace ruyi {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::FieldsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

GenerationRequest RequestWith(const std::string& picture, int base_resolution) {
  GenerationRequest request = TestRequest();
  request.start_images = Pictures({picture});
  request.base_resolution = base_resolution;
  return request;
}

TEST(ValidatePictures, TheFirstOneGivesItsBucket) {
  GenerationRequest request = RequestWith("image 192x108", 768);
  request.start_images.push_back({.data = "image 100x100"});
  ASSERT_OK_AND_ASSIGN(const ValidatedRequest valid, ValidateWith(request));
  EXPECT_EQ(valid.size, (PixelSize{.width = 1008, .height = 576}));
}

TEST(ValidatePictures, AllGetTheSizeOfTheVideo) {
  GenerationRequest request = TestRequest();
  request.start_images = Pictures({"image 64x32", "image 30x20"});
  request.end_images = Pictures({"image 8x9"});
  request.size = PixelSize{.width = 320, .height = 256};
  ASSERT_OK_AND_ASSIGN(const ValidatedRequest valid, ValidateWith(request));
  ASSERT_EQ(valid.start_pictures.size(), 2);
  ASSERT_EQ(valid.end_pictures.size(), 1);
  for (const ValidPicture& picture : {valid.start_pictures[0], valid.start_pictures[1], valid.end_pictures[0]}) {
    EXPECT_EQ(picture.pixels.width, 320);
    EXPECT_EQ(picture.pixels.height, 256);
    EXPECT_EQ(picture.pixels.pixels.size(), size_t{3} * 320 * 256);
  }
  EXPECT_EQ(valid.start_pictures[1].source_sha256, Sha256Hex("image 30x20"));
  EXPECT_EQ(valid.end_pictures[0].source_sha256, Sha256Hex("image 8x9"));
}

// Reads any bytes as one noisy picture.
class NoiseDecoder final : public ImageDecoder {
 public:
  absl::StatusOr<RgbImage> Decode(std::string_view /*bytes*/, const ImageLimits& /*limits*/) const override {
    return Picture();
  }
  static RgbImage Picture() { return NoisyImage({.width = 50, .height = 30}); }
};

TEST(ValidatePictures, AreResizedToTheByteAsTheReferenceDoes) {
  GenerationRequest request = TestRequest();
  request.size = PixelSize{.width = 256, .height = 272};
  ASSERT_OK_AND_ASSIGN(const ValidatedRequest valid, Validate(request, {}, NoiseDecoder(), FakeLoraCatalog(), {}));
  const RgbImage expected = ResizeLikePillow(NoiseDecoder::Picture(), *request.size);
  EXPECT_EQ(valid.start_pictures[0].pixels.pixels, expected.pixels);
  EXPECT_EQ(valid.start_pictures[0].pixels_sha256,
            Sha256Hex(std::string(expected.pixels.begin(), expected.pixels.end())));
}

void ExpectRefused(const absl::StatusOr<ValidatedRequest>& valid, const std::string& image, const std::string& video) {
  EXPECT_THAT(valid, StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(valid, HasReason(reason::kInvalidRequest));
  EXPECT_THAT(GetErrorInfo(valid.status()).field_violations,
              ElementsAre(FieldsAre("start_images[0]", AllOf(HasSubstr(image), HasSubstr(video)))));
}

TEST(ValidatePictures, RefusesABucketWithASideThatIsTooLong) {
  ExpectRefused(ValidateWith(RequestWith("image 800x100", 896)), "800x100", "1792x448");
  ExpectRefused(ValidateWith(RequestWith("image 100x800", 896)), "100x800", "448x1792");
}

TEST(ValidatePictures, RefusesABucketWithASideThatIsTooShort) {
  ExpectRefused(ValidateWith(RequestWith("image 800x100", 384)), "800x100", "768x192");
}

TEST(ValidatePictures, TakesABucketWithSidesAtTheLimits) {
  RequestLimits limits;
  limits.min_side = 256;
  limits.max_side = 1024;
  EXPECT_THAT(ValidateWith(RequestWith("image 800x100", 512), limits), IsOk());
  limits.max_side = 1023;
  EXPECT_THAT(ValidateWith(RequestWith("image 800x100", 512), limits), Not(IsOk()));
}

TEST(ValidatePictures, RefusesABucketThatAListOfSizesLacks) {
  RequestLimits limits;
  limits.base_resolution = {.min = 128, .max = 128, .default_value = 128};
  limits.sizes = {{128, 128}};
  EXPECT_THAT(ValidateWith(RequestWith("image 9x9", 128), limits), IsOk());
  ExpectRefused(ValidateWith(RequestWith("image 16x9", 128), limits), "16x9", "160x96");
}

TEST(ValidatePictures, TellsOfABucketWithAllThatIsWrong) {
  GenerationRequest request = RequestWith("image 800x100", 896);
  request.end_images = Pictures({"junk"});
  request.steps = 0;
  EXPECT_THAT(ViolationsOf(request),
              ElementsAre(FieldsAre("start_images[0]", HasSubstr("1792x448")),
                          FieldsAre("end_images[0]", HasSubstr("not a picture")), FieldsAre("steps", testing::_)));
}

// The second one is no stand-in for a first one that is damaged, nor an end picture for one that is not there.
TEST(ValidatePictures, OnlyTheFirstStartPictureGivesTheBucket) {
  GenerationRequest request = RequestWith("junk", 896);
  request.start_images.push_back({.data = "image 800x100"});
  EXPECT_THAT(ViolationsOf(request), ElementsAre(FieldsAre("start_images[0]", HasSubstr("not a picture"))));
  request.start_images.clear();
  request.end_images = Pictures({"image 800x100"});
  EXPECT_THAT(ViolationsOf(request), ElementsAre(FieldsAre("start_images", HasSubstr("0 given"))));
}

TEST(ValidatePictures, ASizeThatIsWrongGivesNoBucket) {
  GenerationRequest request = RequestWith("image 800x100", 10'000);
  EXPECT_THAT(ViolationsOf(request), ElementsAre(FieldsAre("base_resolution", testing::_)));
  request.base_resolution.reset();
  request.size = PixelSize{.width = -16, .height = 256};
  EXPECT_THAT(ViolationsOf(request), ElementsAre(FieldsAre("size.width", testing::_)));
}

// Counts what it is asked for.
class CountingDecoder final : public ImageDecoder {
 public:
  absl::StatusOr<RgbImage> Decode(std::string_view bytes, const ImageLimits& limits) const override {
    ++decodes;
    return FakeImageDecoder().Decode(bytes, limits);
  }
  mutable int decodes = 0;
};

TEST(ValidatePictures, OfTooManyNoneIsLookedAt) {
  const CountingDecoder decoder;
  GenerationRequest request = TestRequest();
  request.start_images.resize(40'000, request.start_images.front());
  const auto valid = Validate(request, {}, decoder, FakeLoraCatalog(), {});
  EXPECT_THAT(GetErrorInfo(valid.status()).field_violations, ElementsAre(FieldsAre("start_images", testing::_)));
  EXPECT_EQ(decoder.decodes, 0);
}

TEST(ValidatePictures, AreDecodedThoughOtherFieldsAreWrong) {
  const CountingDecoder decoder;
  GenerationRequest request = TestRequest();
  request.end_images = Pictures({"image 8x9", "junk"});
  request.steps = 0;
  const auto valid = Validate(request, {}, decoder, FakeLoraCatalog(), {});
  EXPECT_THAT(GetErrorInfo(valid.status()).field_violations, Contains(FieldsAre("end_images[1]", testing::_)));
  EXPECT_EQ(decoder.decodes, 3);
}

// Two LoRAs, then three pictures; each reading of the clock is a poll.
TEST(ValidateToken, IsPolledBeforeEachLoraAndEachPicture) {
  GenerationRequest request = TestRequest();
  request.loras = {{.name = "film"}, {.name = "film"}};
  request.start_images = Pictures({"image 64x64", "image 64x64"});
  request.end_images = Pictures({"image 64x64"});
  constexpr int kPolls = 5;
  for (int last = 0; last < kPolls; ++last) {
    const TickingClock clock;
    const CancellationSource source(TickingClock::ElapsedAtReading(last), clock);
    const CountingDecoder decoder;
    EXPECT_THAT(Validate(request, {}, decoder, FakeLoraCatalog({"film"}), source.token()),
                StatusIs(absl::StatusCode::kDeadlineExceeded));
    EXPECT_EQ(clock.readings(), last + 1);
    EXPECT_EQ(decoder.decodes, std::max(0, last - 2));
  }
  const TickingClock clock;
  const CancellationSource source(TickingClock::ElapsedAtReading(kPolls), clock);
  EXPECT_THAT(ValidateWith(request, {}, source.token()), IsOk());
}

TEST(ValidateToken, EndsWithItsStatusWhateverIsWrong) {
  GenerationRequest request = TestRequest();
  request.steps = 0;
  CancellationSource source;
  source.Cancel(absl::CancelledError("the caller left"));
  const auto valid = ValidateWith(request, {}, source.token());
  EXPECT_THAT(valid, StatusIs(absl::StatusCode::kCancelled, "the caller left"));
  EXPECT_THAT(GetErrorInfo(valid.status()).field_violations, IsEmpty());
}

}  // namespace
}  // namespace ruyi
