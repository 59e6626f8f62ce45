#include "server/convert/capabilities_to_proto.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/request/quality_profile.h"

namespace ruyi {
namespace {

RequestLimits UnusualLimits() {
  return {.model_name = "Ruyi-Demo",
          .base_resolution = {1, 3, 2},
          .size_multiple = 4,
          .min_side = 5,
          .max_side = 6,
          .sizes = {{.width = 7, .height = 8}, {.width = 9, .height = 10}},
          .frame_count = {11, 13, 12},
          .frame_multiple = 14,
          .steps = {15, 17, 16},
          .guidance_scale = {18.5, 20.5, 19.5},
          .max_start_images = 21,
          .max_end_images = 22,
          .image = {.max_bytes = 23, .max_pixels = 24},
          .max_loras = 25,
          .fp8 = {.mode = Fp8Mode::kStrong, .type = Fp8Type::kE5m2}};
}

template <typename Range, typename T>
void ExpectRange(const Range& range, T min, T max, T default_value) {
  EXPECT_EQ(range.min(), min);
  EXPECT_EQ(range.max(), max);
  EXPECT_EQ(range.default_(), default_value);
}

TEST(CapabilitiesToProto, SaysWhatTheServerIs) {
  const v1::Capabilities proto = ToProto(UnusualLimits(), "1.2.3", 16, {"film", "sketch"});
  EXPECT_EQ(proto.model(), "Ruyi-Demo");
  EXPECT_EQ(proto.version(), "1.2.3");
  EXPECT_EQ(proto.queue_capacity(), 16);
  EXPECT_EQ(proto.frames_per_second(), 24);
  EXPECT_THAT(proto.samplers(), testing::ElementsAre(v1::SAMPLER_DDIM, v1::SAMPLER_EULER, v1::SAMPLER_EULER_ANCESTRAL,
                                                     v1::SAMPLER_DPM_MULTISTEP, v1::SAMPLER_PNDM));
  EXPECT_THAT(proto.loras(), testing::ElementsAre("film", "sketch"));
}

TEST(CapabilitiesToProto, OffersEveryFp8ModeForWholeWeights) {
  const v1::Capabilities proto = ToProto(RequestLimits(), "", 1, {});
  EXPECT_EQ(proto.fp8().mode(), v1::FP8_MODE_NONE);
  EXPECT_THAT(proto.fp8_modes(),
              testing::ElementsAre(v1::FP8_MODE_NONE, v1::FP8_MODE_LITE, v1::FP8_MODE_STRONG, v1::FP8_MODE_EXTREME));
}

TEST(CapabilitiesToProto, OffersOnlyTheFp8ModeOfWeightsInEightBits) {
  const v1::Capabilities proto = ToProto(UnusualLimits(), "", 1, {});
  EXPECT_EQ(proto.fp8().mode(), v1::FP8_MODE_STRONG);
  EXPECT_EQ(proto.fp8().type(), v1::FP8_TYPE_E5M2);
  EXPECT_EQ(proto.fp8().arithmetic(), v1::FP8_ARITHMETIC_WIDENED);
  EXPECT_THAT(proto.fp8_modes(), testing::ElementsAre(v1::FP8_MODE_STRONG));
}

TEST(CapabilitiesToProto, SaysTheArithmeticOfWeightsInEightBits) {
  RequestLimits limits;
  limits.fp8 = {.mode = Fp8Mode::kLite, .arithmetic = Fp8Arithmetic::kScaled};
  EXPECT_EQ(ToProto(limits, "", 1, {}).fp8().arithmetic(), v1::FP8_ARITHMETIC_SCALED);
  limits.fp8.mode = Fp8Mode::kNone;
  EXPECT_EQ(ToProto(limits, "", 1, {}).fp8().arithmetic(), v1::FP8_ARITHMETIC_UNSPECIFIED);
}

TEST(CapabilitiesToProto, SaysEveryLimit) {
  const v1::Limits proto = ToProto(UnusualLimits(), "", 1, {}).limits();
  ExpectRange(proto.base_resolution(), 1, 3, 2);
  EXPECT_EQ(proto.size_multiple(), 4);
  EXPECT_EQ(proto.min_side(), 5);
  EXPECT_EQ(proto.max_side(), 6);
  ExpectRange(proto.frame_count(), 11, 13, 12);
  EXPECT_EQ(proto.frame_multiple(), 14);
  ExpectRange(proto.steps(), 15, 17, 16);
  ExpectRange(proto.guidance_scale(), 18.5, 20.5, 19.5);
  EXPECT_EQ(proto.max_start_images(), 21);
  EXPECT_EQ(proto.max_end_images(), 22);
  EXPECT_EQ(proto.max_image_bytes(), 23);
  EXPECT_EQ(proto.max_image_pixels(), 24);
  EXPECT_EQ(proto.max_loras(), 25);
}

// The ranges are those of core/request; what a setting is when it is left out comes from its own struct.
TEST(CapabilitiesToProto, SaysTheLimitsThatAllModelsShare) {
  const v1::Limits proto = ToProto(UnusualLimits(), "", 1, {}).limits();
  ExpectRange(proto.guidance_rescale(), 0.0, 1.0, 0.0);
  ExpectRange(proto.clip_apply_ratio(), 0.0, 1.0, 0.4);
  ExpectRange(proto.tea_cache_threshold(), 0.0, 1.0, TeaCacheSettings().threshold);
  ExpectRange(proto.enhance_weight(), 0.0, 10.0, EnhanceSettings().weight);
  ExpectRange(proto.lora_strength(), -10.0, 10.0, LoraSettings().strength);
  ExpectRange(proto.easy_cache_threshold(), 0.0, 1.0, EasyCacheSettings().threshold);
  ExpectRange(proto.guidance_gate_start_ratio(), 0.0, 1.0, GuidanceGateSettings().start_ratio);
}

TEST(CapabilitiesToProto, SaysWhatEachQualityStandsFor) {
  const v1::Capabilities proto = ToProto(RequestLimits(), "", 1, {});
  ASSERT_EQ(proto.profiles_size() + 1, int{v1::Quality_ARRAYSIZE});
  EXPECT_EQ(proto.profiles(0).quality(), v1::QUALITY_LOSSLESS);
  EXPECT_EQ(proto.profiles(0).acceleration().ByteSizeLong(), 0);
  EXPECT_EQ(proto.profiles(1).quality(), v1::QUALITY_BALANCED);
  EXPECT_GT(proto.profiles(1).acceleration().ByteSizeLong(), 0);
  const v1::QualityProfile& fast = proto.profiles(2);
  EXPECT_EQ(fast.quality(), v1::QUALITY_FAST);
  const QualityProfile profile = ProfileOf(Quality::kFast);
  EXPECT_EQ(fast.acceleration().easy_cache().threshold(), profile.easy_cache->threshold);
  EXPECT_EQ(fast.acceleration().guidance_gate().start_ratio(), profile.guidance_gate->start_ratio);
}

TEST(CapabilitiesToProto, SaysEverySize) {
  const v1::Limits proto = ToProto(UnusualLimits(), "", 1, {}).limits();
  ASSERT_EQ(proto.sizes_size(), 2);
  EXPECT_EQ(proto.sizes(0).width(), 7);
  EXPECT_EQ(proto.sizes(0).height(), 8);
  EXPECT_EQ(proto.sizes(1).width(), 9);
  EXPECT_EQ(proto.sizes(1).height(), 10);
  EXPECT_EQ(ToProto(RequestLimits(), "", 1, {}).limits().sizes_size(), 0);
}

// A limit that is added to the proto must be filled in, and this test changed.
TEST(CapabilitiesToProto, LeavesNothingOut) {
  const v1::Capabilities proto = ToProto(UnusualLimits(), "1.2.3", 16, {"film", "sketch"});
  for (const google::protobuf::Message* message : {static_cast<const google::protobuf::Message*>(&proto),
                                                   static_cast<const google::protobuf::Message*>(&proto.limits())}) {
    std::vector<const google::protobuf::FieldDescriptor*> filled;
    message->GetReflection()->ListFields(*message, &filled);
    EXPECT_EQ(static_cast<int>(filled.size()), message->GetDescriptor()->field_count());
  }
}

}  // namespace
}  // namespace ruyi
