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

// Norms are no products: they stay as they are.
StorageRule ScaledRule(Fp8Mode mode) {
  return [mode](const LayerTraits& layer) -> std::optional<Storage> {
    const bool is_scaled = layer.kind == LayerKind::kLinear && IsConverted(mode, layer);
    return is_scaled ? std::optional<Storage>({c10::kFloat8_e4m3fn, /*rows_are_scaled=*/true}) : std::nullopt;
  };
}

}  // namespace

StorageRule Fp8Rule(const Fp8Settings& settings) {
  if (settings.mode == Fp8Mode::kNone)
    return {};
  if (settings.arithmetic == Fp8Arithmetic::kScaled)
    return ScaledRule(settings.mode);
  const c10::ScalarType type = settings.type == Fp8Type::kE5m2 ? c10::kFloat8_e5m2 : c10::kFloat8_e4m3fn;
  return [mode = settings.mode, type](const LayerTraits& layer) -> std::optional<Storage> {
    return IsConverted(mode, layer) ? std::optional<Storage>(type) : std::nullopt;
  };
}

}  // namespace ruyi
