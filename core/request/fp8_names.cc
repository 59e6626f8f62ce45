#include "core/request/fp8_names.h"

namespace ruyi {

const std::map<std::string, Fp8Mode>& Fp8Modes() {
  static const auto& modes = *new std::map<std::string, Fp8Mode>{
      {"none", Fp8Mode::kNone}, {"lite", Fp8Mode::kLite}, {"strong", Fp8Mode::kStrong}, {"extreme", Fp8Mode::kExtreme}};
  return modes;
}

const std::map<std::string, Fp8Type>& Fp8Types() {
  static const auto& types =
      *new std::map<std::string, Fp8Type>{{"e4m3fn", Fp8Type::kE4m3fn}, {"e5m2", Fp8Type::kE5m2}};
  return types;
}

const std::map<std::string, Fp8Arithmetic>& Fp8Arithmetics() {
  static const auto& words = *new std::map<std::string, Fp8Arithmetic>{{"widened", Fp8Arithmetic::kWidened},
                                                                       {"scaled", Fp8Arithmetic::kScaled}};
  return words;
}

}  // namespace ruyi
