#include "server/convert/encoding_proto.h"

#include "server/convert/unknown_number.h"

namespace ruyi {
namespace {

// Both enums count from ultrafast on, but the message has a zero before it, which stands for the default.
EncoderPreset ToPreset(ruyi::v1::EncoderPreset proto) {
  return static_cast<EncoderPreset>(proto - ruyi::v1::ENCODER_PRESET_ULTRAFAST);
}

ruyi::v1::EncoderPreset PresetOf(EncoderPreset preset) {
  return static_cast<ruyi::v1::EncoderPreset>(static_cast<int>(preset) + ruyi::v1::ENCODER_PRESET_ULTRAFAST);
}

}  // namespace

void FillEncoding(const ruyi::v1::Encoding& proto, GenerationRequest& request) {
  if (proto.has_crf())
    request.encoding.crf = proto.crf();
  if (proto.has_fragment_frames())
    request.encoding.fragment_frames = proto.fragment_frames();
  request.encoding.faststart = proto.faststart();
  if (!ruyi::v1::EncoderPreset_IsValid(proto.preset()))
    request.unreadable.push_back(
        UnknownNumber("encoding.preset", proto.preset(), *ruyi::v1::EncoderPreset_descriptor()));
  else if (proto.preset() != ruyi::v1::ENCODER_PRESET_UNSPECIFIED)
    request.encoding.preset = ToPreset(proto.preset());
}

void FillPreview(const ruyi::v1::Preview& proto, GenerationRequest& request) {
  PreviewSettings settings;
  if (proto.every_steps() != 0)
    settings.every_steps = proto.every_steps();
  if (proto.width() != 0)
    settings.width = proto.width();
  request.preview = settings;
}

ruyi::v1::Encoding ToProto(const EncodingSettings& settings) {
  ruyi::v1::Encoding proto;
  proto.set_crf(settings.crf);
  proto.set_preset(PresetOf(settings.preset));
  if (!settings.faststart)
    proto.set_fragment_frames(settings.fragment_frames);
  proto.set_faststart(settings.faststart);
  return proto;
}

ruyi::v1::Preview ToProto(const PreviewSettings& settings) {
  ruyi::v1::Preview proto;
  proto.set_every_steps(settings.every_steps);
  proto.set_width(settings.width);
  return proto;
}

}  // namespace ruyi
