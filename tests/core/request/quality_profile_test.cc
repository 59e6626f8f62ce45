#include "core/request/quality_profile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/request/limits.h"

namespace ruyi {
namespace {

using testing::FieldsAre;
using testing::Optional;

GenerationRequest Fast() {
  GenerationRequest request;
  request.quality = Quality::kFast;
  return request;
}

TEST(QualityProfile, LosslessApproximatesNothing) {
  EXPECT_FALSE(ProfileOf(Quality::kLossless).easy_cache.has_value());
  EXPECT_FALSE(ProfileOf(Quality::kLossless).guidance_gate.has_value());
  EXPECT_FALSE(ProfileFor(GenerationRequest()).easy_cache.has_value());
  EXPECT_FALSE(ProfileFor(GenerationRequest()).guidance_gate.has_value());
}

TEST(QualityProfile, TheOthersApproximateWithinTheLimits) {
  for (const Quality quality : {Quality::kBalanced, Quality::kFast}) {
    const QualityProfile profile = ProfileOf(quality);
    EXPECT_TRUE(profile.easy_cache.has_value() || profile.guidance_gate.has_value());
    const EasyCacheSettings cache = profile.easy_cache.value_or(EasyCacheSettings());
    EXPECT_GT(cache.threshold, kEasyCacheThreshold.min);
    EXPECT_LE(cache.threshold, kEasyCacheThreshold.max);
    EXPECT_GE(cache.skip_start_steps, 1);
    EXPECT_GE(cache.skip_end_steps, 1);
    const GuidanceGateSettings gate = profile.guidance_gate.value_or(GuidanceGateSettings());
    EXPECT_GT(gate.start_ratio, kGuidanceGateStartRatio.min);
    EXPECT_LT(gate.start_ratio, kGuidanceGateStartRatio.max);
  }
}

TEST(QualityProfile, WhatTheRequestSaysItselfCounts) {
  GenerationRequest request = Fast();
  request.easy_cache = {.threshold = 0.5, .skip_start_steps = 7, .skip_end_steps = 8};
  request.guidance_gate = {.start_ratio = 0.125};
  EXPECT_THAT(ProfileFor(request).easy_cache, Optional(FieldsAre(0.5, 7, 8)));
  EXPECT_THAT(ProfileFor(request).guidance_gate, Optional(FieldsAre(0.125)));
  request.quality = Quality::kLossless;
  EXPECT_THAT(ProfileFor(request).easy_cache, Optional(FieldsAre(0.5, 7, 8)));
  EXPECT_THAT(ProfileFor(request).guidance_gate, Optional(FieldsAre(0.125)));
}

TEST(QualityProfile, WhatCannotGoWithTheRequestIsLeftOut) {
  GenerationRequest with_tea_cache = Fast();
  with_tea_cache.tea_cache.emplace();
  EXPECT_FALSE(ProfileFor(with_tea_cache).easy_cache.has_value());
  EXPECT_FALSE(ProfileFor(with_tea_cache).guidance_gate.has_value());
  GenerationRequest with_enhance = Fast();
  with_enhance.enhance.emplace();
  EXPECT_TRUE(ProfileFor(with_enhance).easy_cache.has_value());
  EXPECT_FALSE(ProfileFor(with_enhance).guidance_gate.has_value());
}

}  // namespace
}  // namespace ruyi
