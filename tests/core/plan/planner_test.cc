#include "core/plan/planner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <memory>
#include <utility>

#include "core/base/error_info.h"
#include "core/base/error_reasons.h"
#include "tests/support/grey_image.h"
#include "tests/support/status_matchers.h"
#include "tests/support/test_costs.h"

namespace ruyi {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::FieldsAre;
using testing::HasSubstr;
using testing::Not;

constexpr uint64_t kDrawnSeed = 4711;

// Of a device that has enough for anything.
Planner::Parts TestParts() {
  return {.limits = {},
          .draw_seed = [] { return kDrawnSeed; },
          .costs = TestCosts(),
          .available_bytes = [] { return std::numeric_limits<int64_t>::max(); }};
}

Planner TestPlanner(const RequestLimits& limits = {}) {
  Planner::Parts parts = TestParts();
  parts.limits = limits;
  return Planner(parts);
}

ValidatedRequest RequestFor(PixelSize image, std::variant<BaseResolution, PixelSize> resolution) {
  ValidatedRequest request;
  request.start_images = {GreyImage(image)};
  request.resolution = resolution;
  request.frame_count = 120;
  request.steps = 25;
  return request;
}

TEST(Planner, ChoosesTheBucketOfTheFirstPicture) {
  ValidatedRequest request = RequestFor({.width = 192, .height = 108}, BaseResolution{768});
  request.start_images.push_back(GreyImage({.width = 100, .height = 100}));
  ASSERT_OK_AND_ASSIGN(const GenerationPlan plan, TestPlanner().Plan(request));
  EXPECT_EQ(plan.size, (PixelSize{.width = 1008, .height = 576}));
}

TEST(Planner, KeepsASizeThatTheCallerChose) {
  const PixelSize size = {.width = 320, .height = 1024};
  ASSERT_OK_AND_ASSIGN(const GenerationPlan plan, TestPlanner().Plan(RequestFor({.width = 9, .height = 9}, size)));
  EXPECT_EQ(plan.size, size);
}

TEST(Planner, ComputesTheShapeOfTheLatents) {
  const ValidatedRequest request = RequestFor({.width = 9, .height = 9}, PixelSize{.width = 768, .height = 512});
  ASSERT_OK_AND_ASSIGN(const GenerationPlan plan, TestPlanner().Plan(request));
  EXPECT_EQ(plan.latents, (LatentShape{.channels = 16, .frames = 30, .height = 64, .width = 96}));
}

TEST(Planner, ComputesTheLatentsFromTheModelsGeometry) {
  const LatentGeometry geometry = {.spatial_scale = 4, .frames_per_chunk = 24, .latents_per_chunk = 3, .channels = 5};
  const ValidatedRequest request = RequestFor({.width = 9, .height = 9}, PixelSize{.width = 160, .height = 96});
  Planner::Parts parts = TestParts();
  ModelFacts facts = TestFacts();
  facts.geometry = geometry;
  parts.costs = std::make_shared<CostModel>(facts, TestCalibration());
  ASSERT_OK_AND_ASSIGN(const GenerationPlan plan, Planner(parts).Plan(request));
  EXPECT_EQ(plan.latents, (LatentShape{.channels = 5, .frames = 15, .height = 24, .width = 40}));
}

TEST(Planner, DrawsASeedForARequestWithoutOne) {
  ASSERT_OK_AND_ASSIGN(const GenerationPlan plan,
                       TestPlanner().Plan(RequestFor({.width = 9, .height = 9}, BaseResolution{512})));
  EXPECT_EQ(plan.seed, kDrawnSeed);
}

TEST(Planner, KeepsTheCallersSeedWithoutDrawingOne) {
  int draws = 0;
  Planner::Parts parts = TestParts();
  parts.draw_seed = [&draws] { return ++draws; };
  ValidatedRequest request = RequestFor({.width = 9, .height = 9}, BaseResolution{512});
  request.seed = 0;
  ASSERT_OK_AND_ASSIGN(const GenerationPlan plan, Planner(parts).Plan(request));
  EXPECT_EQ(plan.seed, 0);
  EXPECT_EQ(draws, 0);
}

TEST(Planner, CarriesTheRestOver) {
  ValidatedRequest request = RequestFor({.width = 9, .height = 9}, BaseResolution{512});
  request.start_images.push_back(GreyImage({.width = 7, .height = 7}));
  request.end_images = {GreyImage({.width = 5, .height = 5})};
  request.frame_count = 48;
  request.camera = Camera::kUp;
  request.motion = 2;
  request.guidance_scale = 3.5;
  request.lora_bytes = 12;
  request.execution_timeout = absl::Seconds(30);
  ASSERT_OK_AND_ASSIGN(const GenerationPlan plan, TestPlanner().Plan(std::move(request)));
  EXPECT_EQ(plan.start_images.size(), 2u);
  EXPECT_EQ(plan.start_images[1].width, 7);
  ASSERT_EQ(plan.end_images.size(), 1u);
  EXPECT_EQ(plan.end_images[0].width, 5);
  EXPECT_EQ(plan.frame_count, 48);
  EXPECT_EQ(plan.frames_per_second, 24);
  EXPECT_EQ(plan.camera, Camera::kUp);
  EXPECT_EQ(plan.motion, 2);
  EXPECT_EQ(plan.sampler, SamplerKind::kDdim);
  EXPECT_EQ(plan.steps, 25);
  EXPECT_EQ(plan.guidance_scale, 3.5);
  EXPECT_EQ(plan.lora_bytes, 12);
  EXPECT_EQ(plan.execution_timeout, absl::Seconds(30));
}

void ExpectRefused(const absl::StatusOr<GenerationPlan>& plan, const std::string& image, const std::string& video) {
  EXPECT_THAT(plan, StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(plan, HasReason(reason::kInvalidRequest));
  EXPECT_THAT(GetErrorInfo(plan.status()).field_violations,
              ElementsAre(FieldsAre("start_images[0]", AllOf(HasSubstr(image), HasSubstr(video)))));
}

TEST(Planner, RefusesABucketWithASideThatIsTooLong) {
  ExpectRefused(TestPlanner().Plan(RequestFor({.width = 800, .height = 100}, BaseResolution{896})), "800x100",
                "1792x448");
  ExpectRefused(TestPlanner().Plan(RequestFor({.width = 100, .height = 800}, BaseResolution{896})), "100x800",
                "448x1792");
}

TEST(Planner, RefusesABucketWithASideThatIsTooShort) {
  ExpectRefused(TestPlanner().Plan(RequestFor({.width = 800, .height = 100}, BaseResolution{384})), "800x100",
                "768x192");
}

TEST(Planner, TakesABucketWithSidesAtTheLimits) {
  RequestLimits limits;
  limits.min_side = 256;
  limits.max_side = 1024;
  EXPECT_THAT(TestPlanner(limits).Plan(RequestFor({.width = 800, .height = 100}, BaseResolution{512})), IsOk());
  limits.max_side = 1023;
  EXPECT_THAT(TestPlanner(limits).Plan(RequestFor({.width = 800, .height = 100}, BaseResolution{512})), Not(IsOk()));
}

TEST(Planner, RefusesABucketThatAListOfSizesLacks) {
  RequestLimits limits;
  limits.sizes = {{128, 128}};
  EXPECT_THAT(TestPlanner(limits).Plan(RequestFor({.width = 9, .height = 9}, BaseResolution{128})), IsOk());
  ExpectRefused(TestPlanner(limits).Plan(RequestFor({.width = 16, .height = 9}, BaseResolution{128})), "16x9",
                "160x96");
}

}  // namespace
}  // namespace ruyi
