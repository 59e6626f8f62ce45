#include "core/request/resolution.h"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

namespace ruyi {
namespace {

void ExpectGolden(const nlohmann::json& golden) {
  const PixelSize image = {.width = golden.at("image_width"), .height = golden.at("image_height")};
  const PixelSize bucket = BucketSize(image, golden.at("base_resolution"));
  EXPECT_EQ(bucket.width, golden.at("width")) << golden;
  EXPECT_EQ(bucket.height, golden.at("height")) << golden;
}

TEST(BucketSize, IsThatOfTheReference) {
  std::ifstream file(RUYI_SOURCE_DIR "/tests/golden/buckets.json");
  const nlohmann::json table = nlohmann::json::parse(file);
  ASSERT_GE(table.size(), 100u);
  for (const nlohmann::json& golden : table)
    ExpectGolden(golden);
}

TEST(BucketSize, DependsOnTheShapeOfThePictureOnly) {
  const PixelSize small = BucketSize({.width = 16, .height = 9}, 512);
  EXPECT_EQ(small, (PixelSize{.width = 672, .height = 384}));
  EXPECT_EQ(BucketSize({.width = 16'000, .height = 9'000}, 512), small);
}

TEST(BucketSize, TakesTheOutermostBucketForExtremeShapes) {
  EXPECT_EQ(BucketSize({.width = 10'000, .height = 1}, 512), (PixelSize{.width = 1024, .height = 256}));
  EXPECT_EQ(BucketSize({.width = 1, .height = 10'000}, 512), (PixelSize{.width = 256, .height = 1024}));
}

TEST(BucketSize, FloorsToAMultipleOf16) {
  EXPECT_EQ(BucketSize({.width = 100, .height = 100}, 399), (PixelSize{.width = 384, .height = 384}));
  EXPECT_EQ(BucketSize({.width = 100, .height = 100}, 400), (PixelSize{.width = 400, .height = 400}));
}

}  // namespace
}  // namespace ruyi
