#include "core/plan/planner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <memory>
#include <utility>

#include "tests/support/grey_image.h"
#include "tests/support/test_costs.h"

namespace ruyi {
namespace {

using testing::ElementsAre;
using testing::Field;
using testing::FieldsAre;
using testing::Optional;
using testing::SizeIs;

constexpr uint64_t kDrawnSeed = 4711;

// Returns the parts of a planner for a device that has enough for anything.
Planner::Parts TestParts() {
  return {.draw_seed = [] { return kDrawnSeed; },
          .costs = TestCosts(),
          .available = [] { return MemoryBudget{.device_bytes = std::numeric_limits<int64_t>::max()}; }};
}

ValidatedRequest RequestFor(PixelSize size) {
  ValidatedRequest request;
  request.start_pictures = {{.pixels = GreyImage(size), .source_sha256 = "1", .pixels_sha256 = "2"}};
  request.size = size;
  request.frame_count = 120;
  request.steps = 25;
  return request;
}

VideoSpec SpecFor(const Planner::Parts& parts, const ValidatedRequest& request) {
  return Planner(parts).Plan(request).spec;
}

TEST(Planner, ComputesTheShapeOfTheLatents) {
  EXPECT_EQ(SpecFor(TestParts(), RequestFor({.width = 768, .height = 512})).latents,
            (LatentShape{.channels = 16, .frames = 30, .height = 64, .width = 96}));
}

TEST(Planner, ComputesTheLatentsFromTheModelsGeometry) {
  const LatentGeometry geometry = {.spatial_scale = 4, .frames_per_chunk = 24, .latents_per_chunk = 3, .channels = 5};
  Planner::Parts parts = TestParts();
  ModelFacts facts = TestFacts();
  facts.geometry = geometry;
  parts.costs = std::make_shared<CostModel>(facts, TestCalibration());
  EXPECT_EQ(SpecFor(parts, RequestFor({.width = 160, .height = 96})).latents,
            (LatentShape{.channels = 5, .frames = 15, .height = 24, .width = 40}));
}

TEST(Planner, DrawsASeedForARequestWithoutOne) {
  EXPECT_EQ(SpecFor(TestParts(), RequestFor({.width = 64, .height = 64})).seed, kDrawnSeed);
}

TEST(Planner, KeepsTheCallersSeedWithoutDrawingOne) {
  int draws = 0;
  Planner::Parts parts = TestParts();
  parts.draw_seed = [&draws] { return ++draws; };
  ValidatedRequest request = RequestFor({.width = 64, .height = 64});
  request.seed = 0;
  EXPECT_EQ(SpecFor(parts, request).seed, 0);
  EXPECT_EQ(draws, 0);
}

TEST(Planner, NamesThePicturesAndHandsThemOverInTheirOrder) {
  ValidatedRequest request = RequestFor({.width = 64, .height = 64});
  request.start_pictures.push_back({.pixels = GreyImage({.width = 7, .height = 7}), .source_sha256 = "3"});
  request.end_pictures.push_back({.pixels = GreyImage({.width = 5, .height = 5}), .pixels_sha256 = "4"});
  const PlannedVideo video = Planner(TestParts()).Plan(std::move(request));
  EXPECT_THAT(video.spec.start_pictures, ElementsAre(FieldsAre("1", "2"), FieldsAre("3", "")));
  EXPECT_THAT(video.spec.end_pictures, ElementsAre(FieldsAre("", "4")));
  EXPECT_THAT(video.pictures,
              ElementsAre(Field(&RgbImage::width, 64), Field(&RgbImage::width, 7), Field(&RgbImage::width, 5)));
}

TEST(Planner, CarriesTheRestOver) {
  ValidatedRequest request = RequestFor({.width = 64, .height = 48});
  request.frame_count = 48;
  request.camera = Camera::kUp;
  request.motion = 2;
  request.sampler = SamplerKind::kEuler;
  request.guidance_scale = 3.5;
  request.guidance_rescale = 0.5;
  request.clip_apply_ratio = 0.25;
  request.fp8 = {.mode = Fp8Mode::kLite};
  request.loras = {{.name = "film"}};
  request.lora_bytes = 12;
  request.tea_cache = TeaCacheSettings();
  request.enhance = EnhanceSettings();
  request.easy_cache = EasyCacheSettings();
  request.guidance_gate = GuidanceGateSettings();
  request.vae_tiling = true;
  request.execution_timeout = absl::Seconds(30);
  request.encoding = {.crf = 23};
  request.preview = {.every_steps = 2, .width = 32};
  const VideoSpec spec = SpecFor(TestParts(), request);
  EXPECT_EQ(spec.size, (PixelSize{.width = 64, .height = 48}));
  EXPECT_EQ(spec.frame_count, 48);
  EXPECT_EQ(spec.frames_per_second, 24);
  EXPECT_EQ(spec.camera, Camera::kUp);
  EXPECT_EQ(spec.motion, 2);
  EXPECT_EQ(spec.sampler, SamplerKind::kEuler);
  EXPECT_EQ(spec.steps, 25);
  EXPECT_EQ(spec.guidance_scale, 3.5);
  EXPECT_EQ(spec.guidance_rescale, 0.5);
  EXPECT_EQ(spec.clip_apply_ratio, 0.25);
  EXPECT_EQ(spec.fp8, request.fp8);
  EXPECT_THAT(spec.loras, SizeIs(1));
  EXPECT_EQ(spec.lora_bytes, 12);
  EXPECT_TRUE(spec.tea_cache.has_value());
  EXPECT_TRUE(spec.enhance.has_value());
  EXPECT_TRUE(spec.easy_cache.has_value());
  EXPECT_TRUE(spec.guidance_gate.has_value());
  EXPECT_THAT(spec.vae_tiling, Optional(true));
  EXPECT_EQ(spec.execution_timeout, absl::Seconds(30));
  EXPECT_EQ(spec.encoding, request.encoding);
  EXPECT_EQ(spec.preview, request.preview);
}

}  // namespace
}  // namespace ruyi
