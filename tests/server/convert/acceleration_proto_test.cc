#include "server/convert/acceleration_proto.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>

#include "server/convert/fp8_proto.h"
#include "tests/support/test_plan.h"

namespace ruyi {
namespace {

using testing::ElementsAre;
using testing::FieldsAre;
using testing::IsEmpty;

constexpr std::pair<v1::Fp8Mode, Fp8Mode> kModes[] = {{v1::FP8_MODE_NONE, Fp8Mode::kNone},
                                                      {v1::FP8_MODE_LITE, Fp8Mode::kLite},
                                                      {v1::FP8_MODE_STRONG, Fp8Mode::kStrong},
                                                      {v1::FP8_MODE_EXTREME, Fp8Mode::kExtreme}};

GenerationRequest Read(const v1::Acceleration& proto) {
  GenerationRequest request;
  FillAcceleration(proto, request);
  return request;
}

v1::Acceleration Fp8Of(int mode, int type = v1::FP8_TYPE_UNSPECIFIED) {
  v1::Acceleration proto;
  proto.mutable_fp8()->set_mode(static_cast<v1::Fp8Mode>(mode));
  proto.mutable_fp8()->set_type(static_cast<v1::Fp8Type>(type));
  return proto;
}

TEST(AccelerationFromProto, LeavesOutWhatIsAbsent) {
  const GenerationRequest request = Read({});
  EXPECT_EQ(request.fp8, std::nullopt);
  EXPECT_THAT(request.loras, IsEmpty());
  EXPECT_FALSE(request.tea_cache.has_value());
  EXPECT_FALSE(request.enhance.has_value());
  EXPECT_FALSE(request.easy_cache.has_value());
  EXPECT_FALSE(request.guidance_gate.has_value());
  EXPECT_THAT(request.unreadable, IsEmpty());
}

TEST(AccelerationFromProto, TakesEveryFp8Mode) {
  EXPECT_EQ(std::size(kModes) + 1, size_t{v1::Fp8Mode_ARRAYSIZE});
  for (const auto& [from, to] : kModes) {
    EXPECT_EQ(Read(Fp8Of(from)).fp8, (Fp8Settings{.mode = to}));
    EXPECT_EQ(Read(Fp8Of(from, v1::FP8_TYPE_E4M3FN)).fp8, (Fp8Settings{.mode = to}));
    EXPECT_EQ(Read(Fp8Of(from, v1::FP8_TYPE_E5M2)).fp8, (Fp8Settings{.mode = to, .type = Fp8Type::kE5m2}));
  }
}

TEST(AccelerationFromProto, TakesEveryFp8Arithmetic) {
  constexpr std::pair<v1::Fp8Arithmetic, Fp8Arithmetic> kArithmetics[] = {
      {v1::FP8_ARITHMETIC_UNSPECIFIED, Fp8Arithmetic::kWidened},
      {v1::FP8_ARITHMETIC_WIDENED, Fp8Arithmetic::kWidened},
      {v1::FP8_ARITHMETIC_SCALED, Fp8Arithmetic::kScaled}};
  EXPECT_EQ(std::size(kArithmetics), size_t{v1::Fp8Arithmetic_ARRAYSIZE});
  for (const auto& [from, to] : kArithmetics) {
    v1::Acceleration proto = Fp8Of(v1::FP8_MODE_STRONG);
    proto.mutable_fp8()->set_arithmetic(from);
    EXPECT_EQ(Read(proto).fp8, (Fp8Settings{.mode = Fp8Mode::kStrong, .arithmetic = to}));
    EXPECT_EQ(Read({}).fp8, std::nullopt);
  }
}

TEST(AccelerationFromProto, RefusesAnArithmeticThatItDoesNotKnowOrThatHasNoMode) {
  v1::Acceleration proto = Fp8Of(v1::FP8_MODE_STRONG);
  proto.mutable_fp8()->set_arithmetic(static_cast<v1::Fp8Arithmetic>(9));
  EXPECT_THAT(Read(proto).unreadable, ElementsAre(FieldsAre("acceleration.fp8.arithmetic",
                                                            testing::HasSubstr("9 is no ruyi.v1.Fp8Arithmetic"))));
  EXPECT_EQ(Read(proto).fp8, std::nullopt);
  proto = Fp8Of(v1::FP8_MODE_UNSPECIFIED);
  proto.mutable_fp8()->set_arithmetic(v1::FP8_ARITHMETIC_SCALED);
  EXPECT_THAT(Read(proto).unreadable,
              ElementsAre(FieldsAre("acceleration.fp8.arithmetic", testing::HasSubstr("without a mode"))));
}

TEST(AccelerationFromProto, LeavesAModeThatIsNotSpecifiedToTheServer) {
  const GenerationRequest request = Read(Fp8Of(v1::FP8_MODE_UNSPECIFIED));
  EXPECT_EQ(request.fp8, std::nullopt);
  EXPECT_THAT(request.unreadable, IsEmpty());
}

TEST(AccelerationFromProto, RefusesNumbersThatItDoesNotKnow) {
  EXPECT_THAT(
      Read(Fp8Of(5, -1)).unreadable,
      ElementsAre(FieldsAre("acceleration.fp8.mode",
                            "5 is no ruyi.v1.Fp8Mode; use FP8_MODE_NONE, FP8_MODE_LITE, FP8_MODE_STRONG, "
                            "FP8_MODE_EXTREME"),
                  FieldsAre("acceleration.fp8.type", "-1 is no ruyi.v1.Fp8Type; use FP8_TYPE_E4M3FN, FP8_TYPE_E5M2")));
  EXPECT_THAT(Read(Fp8Of(v1::FP8_MODE_LITE, 3)).unreadable,
              ElementsAre(FieldsAre("acceleration.fp8.type", testing::_)));
}

TEST(AccelerationFromProto, RefusesATypeWithoutAMode) {
  EXPECT_THAT(Read(Fp8Of(v1::FP8_MODE_UNSPECIFIED, v1::FP8_TYPE_E5M2)).unreadable,
              ElementsAre(FieldsAre("acceleration.fp8.type", "given without a mode; set acceleration.fp8.mode too")));
}

TEST(AccelerationFromProto, TakesEveryLoraInItsOrder) {
  v1::Acceleration proto;
  proto.add_loras()->set_name("film");
  v1::Lora& second = *proto.add_loras();
  second.set_name("sketch");
  second.set_strength(-0.5);
  v1::Lora& third = *proto.add_loras();
  third.set_strength(0);
  EXPECT_THAT(Read(proto).loras, ElementsAre(FieldsAre("film", LoraSettings().strength, ""),
                                             FieldsAre("sketch", -0.5, ""), FieldsAre("", 0.0, "")));
}

TEST(AccelerationFromProto, SwitchesTeaCacheOnWithItsDefaults) {
  v1::Acceleration proto;
  proto.mutable_tea_cache();
  const TeaCacheSettings defaults;
  EXPECT_THAT(Read(proto).tea_cache, testing::Optional(FieldsAre(defaults.threshold, defaults.skip_start_steps,
                                                                 defaults.skip_end_steps, false)));
}

TEST(AccelerationFromProto, TakesWhatTeaCacheIsGiven) {
  v1::Acceleration proto;
  proto.mutable_tea_cache()->set_threshold(0);
  proto.mutable_tea_cache()->set_skip_start_steps(0);
  proto.mutable_tea_cache()->set_skip_end_steps(7);
  proto.mutable_tea_cache()->set_offload(true);
  EXPECT_THAT(Read(proto).tea_cache, testing::Optional(FieldsAre(0.0, 0, 7, true)));
}

TEST(AccelerationFromProto, SwitchesEnhanceOnWithItsDefaults) {
  v1::Acceleration proto;
  proto.mutable_enhance_a_video();
  const EnhanceSettings defaults;
  EXPECT_THAT(Read(proto).enhance,
              testing::Optional(FieldsAre(defaults.weight, defaults.skip_start_steps, defaults.skip_end_steps)));
}

TEST(AccelerationFromProto, TakesWhatEnhanceIsGiven) {
  v1::Acceleration proto;
  proto.mutable_enhance_a_video()->set_weight(0);
  proto.mutable_enhance_a_video()->set_skip_start_steps(5);
  proto.mutable_enhance_a_video()->set_skip_end_steps(6);
  EXPECT_THAT(Read(proto).enhance, testing::Optional(FieldsAre(0.0, 5, 6)));
}

TEST(AccelerationFromProto, SwitchesEasyCacheAndTheGateOnWithTheirDefaults) {
  v1::Acceleration proto;
  proto.mutable_easy_cache();
  proto.mutable_guidance_gate();
  const EasyCacheSettings defaults;
  EXPECT_THAT(Read(proto).easy_cache,
              testing::Optional(FieldsAre(defaults.threshold, defaults.skip_start_steps, defaults.skip_end_steps)));
  EXPECT_THAT(Read(proto).guidance_gate, testing::Optional(FieldsAre(GuidanceGateSettings().start_ratio)));
}

TEST(AccelerationFromProto, TakesWhatEasyCacheAndTheGateAreGiven) {
  v1::Acceleration proto;
  proto.mutable_easy_cache()->set_threshold(0);
  proto.mutable_easy_cache()->set_skip_start_steps(0);
  proto.mutable_easy_cache()->set_skip_end_steps(7);
  proto.mutable_guidance_gate()->set_start_ratio(0);
  EXPECT_THAT(Read(proto).easy_cache, testing::Optional(FieldsAre(0.0, 0, 7)));
  EXPECT_THAT(Read(proto).guidance_gate, testing::Optional(FieldsAre(0.0)));
}

TEST(AccelerationToProto, SaysNothingOfWhatIsOff) {
  const v1::Acceleration proto = AccelerationOf(TestSpec());
  EXPECT_EQ(proto.fp8().mode(), v1::FP8_MODE_NONE);
  EXPECT_EQ(proto.fp8().type(), v1::FP8_TYPE_UNSPECIFIED);
  EXPECT_EQ(proto.loras_size(), 0);
  EXPECT_FALSE(proto.has_tea_cache());
  EXPECT_FALSE(proto.has_enhance_a_video());
  EXPECT_FALSE(proto.has_easy_cache());
  EXPECT_FALSE(proto.has_guidance_gate());
}

TEST(AccelerationToProto, SaysAllThatIsOn) {
  VideoSpec spec = TestSpec();
  spec.loras = {{.name = "film", .strength = 0.5}, {.name = "sketch"}};
  spec.tea_cache = {.threshold = 0.2, .skip_start_steps = 4, .skip_end_steps = 5, .offload = true};
  spec.enhance = {.weight = 2.5, .skip_start_steps = 6, .skip_end_steps = 7};
  spec.easy_cache = {.threshold = 0.025, .skip_start_steps = 8, .skip_end_steps = 9};
  spec.guidance_gate = {.start_ratio = 0.25};
  const v1::Acceleration proto = AccelerationOf(spec);
  EXPECT_EQ(proto.loras(0).name(), "film");
  EXPECT_EQ(proto.loras(0).strength(), 0.5);
  EXPECT_EQ(proto.loras(1).name(), "sketch");
  EXPECT_EQ(proto.loras(1).strength(), 1.0);
  EXPECT_EQ(proto.tea_cache().threshold(), 0.2);
  EXPECT_EQ(proto.tea_cache().skip_start_steps(), 4);
  EXPECT_EQ(proto.tea_cache().skip_end_steps(), 5);
  EXPECT_TRUE(proto.tea_cache().offload());
  EXPECT_EQ(proto.enhance_a_video().weight(), 2.5);
  EXPECT_EQ(proto.enhance_a_video().skip_start_steps(), 6);
  EXPECT_EQ(proto.enhance_a_video().skip_end_steps(), 7);
  EXPECT_THAT(Read(proto).easy_cache, testing::Optional(FieldsAre(0.025, 8, 9)));
  EXPECT_THAT(Read(proto).guidance_gate, testing::Optional(FieldsAre(0.25)));
}

TEST(AccelerationToProto, SaysEveryFp8Mode) {
  for (const auto& [to, from] : kModes) {
    EXPECT_EQ(ToProto(Fp8Settings{.mode = from}).mode(), to);
    const bool has_type = from != Fp8Mode::kNone;
    EXPECT_EQ(ToProto(Fp8Settings{.mode = from}).type(), has_type ? v1::FP8_TYPE_E4M3FN : v1::FP8_TYPE_UNSPECIFIED);
    EXPECT_EQ(ToProto(Fp8Settings{.mode = from, .type = Fp8Type::kE5m2}).type(),
              has_type ? v1::FP8_TYPE_E5M2 : v1::FP8_TYPE_UNSPECIFIED);
  }
}

}  // namespace
}  // namespace ruyi
