#include "core/quant/fp8.h"

namespace ruyi {
namespace {

constexpr int64_t kLargeLayer = int64_t{2816} * 2816;  // weights

bool IsConverted(Fp8Mode mode, const LayerTraits& layer) {
  switch (mode) {
    case Fp8Mode::kLite:
      return layer.kind == LayerKind::kLinear && layer.weight_elements > kLargeLayer;
    case Fp8Mode::kStrong:
      return layer.kind == LayerKind::kLinear && layer.weight_elements >= kLargeLayer;
    case Fp8Mode::kExtreme:
      return layer.kind != LayerKind::kOther;
    case Fp8Mode::kNone:
      break;
  }
  return false;
}

}  // namespace

StorageRule Fp8Rule(const Fp8Settings& settings) {
  if (settings.mode == Fp8Mode::kNone)
    return {};
  const c10::ScalarType type = settings.type == Fp8Type::kE5m2 ? c10::kFloat8_e5m2 : c10::kFloat8_e4m3fn;
  return [mode = settings.mode, type](const LayerTraits& layer) -> std::optional<c10::ScalarType> {
    return IsConverted(mode, layer) ? std::optional(type) : std::nullopt;
  };
}

}  // namespace ruyi
