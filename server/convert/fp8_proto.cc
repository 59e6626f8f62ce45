#include "server/convert/fp8_proto.h"

#include <string>
#include <utility>

#include "server/convert/unknown_number.h"

namespace ruyi {
namespace {

constexpr std::pair<Fp8Mode, ruyi::v1::Fp8Mode> kModes[] = {
    {Fp8Mode::kNone, ruyi::v1::FP8_MODE_NONE},
    {Fp8Mode::kLite, ruyi::v1::FP8_MODE_LITE},
    {Fp8Mode::kStrong, ruyi::v1::FP8_MODE_STRONG},
    {Fp8Mode::kExtreme, ruyi::v1::FP8_MODE_EXTREME},
};

ruyi::v1::Fp8Mode ToProto(Fp8Mode mode) {
  for (const auto& [kind, proto] : kModes) {
    if (kind == mode)
      return proto;
  }
  return ruyi::v1::FP8_MODE_UNSPECIFIED;
}

std::optional<Fp8Mode> ToMode(ruyi::v1::Fp8Mode mode) {
  for (const auto& [kind, proto] : kModes) {
    if (proto == mode)
      return kind;
  }
  return std::nullopt;
}

std::optional<Fp8Type> ToType(ruyi::v1::Fp8Type type) {
  switch (type) {
    case ruyi::v1::FP8_TYPE_UNSPECIFIED:
    case ruyi::v1::FP8_TYPE_E4M3FN:
      return Fp8Type::kE4m3fn;
    case ruyi::v1::FP8_TYPE_E5M2:
      return Fp8Type::kE5m2;
    default:
      return std::nullopt;
  }
}

std::optional<Fp8Arithmetic> ToArithmetic(ruyi::v1::Fp8Arithmetic arithmetic) {
  switch (arithmetic) {
    case ruyi::v1::FP8_ARITHMETIC_UNSPECIFIED:
    case ruyi::v1::FP8_ARITHMETIC_WIDENED:
      return Fp8Arithmetic::kWidened;
    case ruyi::v1::FP8_ARITHMETIC_SCALED:
      return Fp8Arithmetic::kScaled;
    default:
      return std::nullopt;
  }
}

FieldViolation WithoutMode(std::string field) {
  return {std::move(field), "given without a mode; set acceleration.fp8.mode too"};
}

}  // namespace

ruyi::v1::Fp8 ToProto(const Fp8Settings& settings) {
  ruyi::v1::Fp8 proto;
  proto.set_mode(ToProto(settings.mode));
  if (settings.mode == Fp8Mode::kNone)
    return proto;
  proto.set_type(settings.type == Fp8Type::kE4m3fn ? ruyi::v1::FP8_TYPE_E4M3FN : ruyi::v1::FP8_TYPE_E5M2);
  proto.set_arithmetic(settings.arithmetic == Fp8Arithmetic::kWidened ? ruyi::v1::FP8_ARITHMETIC_WIDENED
                                                                      : ruyi::v1::FP8_ARITHMETIC_SCALED);
  return proto;
}

std::optional<Fp8Settings> FromProto(const ruyi::v1::Fp8& proto, std::vector<FieldViolation>& unreadable) {
  const std::optional<Fp8Mode> mode = ToMode(proto.mode());
  const std::optional<Fp8Type> type = ToType(proto.type());
  const std::optional<Fp8Arithmetic> arithmetic = ToArithmetic(proto.arithmetic());
  const bool has_mode = proto.mode() != ruyi::v1::FP8_MODE_UNSPECIFIED;
  if (has_mode && !mode.has_value())
    unreadable.push_back(UnknownNumber("acceleration.fp8.mode", proto.mode(), *ruyi::v1::Fp8Mode_descriptor()));
  if (!type.has_value())
    unreadable.push_back(UnknownNumber("acceleration.fp8.type", proto.type(), *ruyi::v1::Fp8Type_descriptor()));
  else if (!has_mode && proto.type() != ruyi::v1::FP8_TYPE_UNSPECIFIED)
    unreadable.push_back(WithoutMode("acceleration.fp8.type"));
  if (!arithmetic.has_value()) {
    unreadable.push_back(
        UnknownNumber("acceleration.fp8.arithmetic", proto.arithmetic(), *ruyi::v1::Fp8Arithmetic_descriptor()));
  } else if (!has_mode && proto.arithmetic() != ruyi::v1::FP8_ARITHMETIC_UNSPECIFIED) {
    unreadable.push_back(WithoutMode("acceleration.fp8.arithmetic"));
  }
  if (!mode.has_value() || !type.has_value() || !arithmetic.has_value())
    return std::nullopt;
  return Fp8Settings{.mode = *mode, .type = *type, .arithmetic = *arithmetic};
}

std::vector<ruyi::v1::Fp8Mode> ModesBeside(const Fp8Settings& loaded) {
  if (loaded.mode != Fp8Mode::kNone)
    return {ToProto(loaded.mode)};
  std::vector<ruyi::v1::Fp8Mode> modes;
  for (const auto& [kind, proto] : kModes)
    modes.push_back(proto);
  return modes;
}

}  // namespace ruyi
