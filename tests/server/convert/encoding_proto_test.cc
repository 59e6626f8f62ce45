#include "server/convert/encoding_proto.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

namespace ruyi {
namespace {

using testing::ElementsAre;
using testing::FieldsAre;
using testing::IsEmpty;
using testing::StartsWith;

GenerationRequest Read(const v1::Encoding& proto) {
  GenerationRequest request;
  FillEncoding(proto, request);
  return request;
}

TEST(EncodingFromProto, LeavesTheDefaultsWhereNothingIsGiven) {
  const GenerationRequest request = Read({});
  EXPECT_EQ(request.encoding.crf, std::nullopt);
  EXPECT_EQ(request.encoding.preset, std::nullopt);
  EXPECT_EQ(request.encoding.fragment_frames, std::nullopt);
  EXPECT_FALSE(request.encoding.faststart);
  EXPECT_THAT(request.unreadable, IsEmpty());
}

TEST(EncodingFromProto, TakesEveryField) {
  v1::Encoding proto;
  proto.set_crf(0);
  proto.set_preset(v1::ENCODER_PRESET_SLOW);
  proto.set_fragment_frames(16);
  proto.set_faststart(true);
  const EncodingRequest encoding = Read(proto).encoding;
  EXPECT_EQ(encoding.crf, 0);
  EXPECT_EQ(encoding.preset, EncoderPreset::kSlow);
  EXPECT_EQ(encoding.fragment_frames, 16);
  EXPECT_TRUE(encoding.faststart);
}

TEST(EncodingFromProto, TakesEveryPresetAndGivesItBack) {
  for (int number = v1::ENCODER_PRESET_ULTRAFAST; number <= v1::EncoderPreset_MAX; ++number) {
    v1::Encoding proto;
    proto.set_preset(static_cast<v1::EncoderPreset>(number));
    const std::optional<EncoderPreset> preset = Read(proto).encoding.preset;
    ASSERT_TRUE(preset.has_value());
    EXPECT_EQ(static_cast<int>(*preset), number - 1);
    EXPECT_EQ(ToProto(EncodingSettings{.preset = *preset}).preset(), number);
  }
  EXPECT_EQ(size_t{v1::EncoderPreset_MAX}, std::size(kEncoderPresetNames));
}

TEST(EncodingFromProto, RefusesPresetsThatItDoesNotKnow) {
  v1::Encoding proto;
  proto.set_preset(static_cast<v1::EncoderPreset>(10));
  EXPECT_THAT(
      Read(proto).unreadable,
      ElementsAre(FieldsAre("encoding.preset", StartsWith("10 is no ruyi.v1.EncoderPreset; use ENCODER_PRESET_"))));
}

TEST(EncodingToProto, SaysWhatTheFileIsMadeWith) {
  const v1::Encoding proto = ToProto(EncodingSettings());
  EXPECT_EQ(proto.crf(), 18);
  EXPECT_EQ(proto.preset(), v1::ENCODER_PRESET_MEDIUM);
  EXPECT_EQ(proto.fragment_frames(), 8);
  EXPECT_FALSE(proto.faststart());
}

TEST(EncodingToProto, SaysNothingOfFragmentsWhereThereAreNone) {
  const v1::Encoding proto = ToProto(EncodingSettings{.faststart = true});
  EXPECT_TRUE(proto.faststart());
  EXPECT_FALSE(proto.has_fragment_frames());
}

TEST(PreviewProto, TakesItsDefaultsForZeros) {
  GenerationRequest request;
  FillPreview({}, request);
  ASSERT_TRUE(request.preview.has_value());
  EXPECT_EQ(request.preview->every_steps, PreviewSettings().every_steps);
  EXPECT_EQ(request.preview->width, PreviewSettings().width);
}

TEST(PreviewProto, IsReadAsItIsWritten) {
  GenerationRequest request;
  FillPreview(ToProto(PreviewSettings{.every_steps = 2, .width = 320}), request);
  ASSERT_TRUE(request.preview.has_value());
  EXPECT_EQ(request.preview->every_steps, 2);
  EXPECT_EQ(request.preview->width, 320);
}

}  // namespace
}  // namespace ruyi
