#include "client/choices.h"

#include "absl/strings/str_format.h"

namespace ruyi::client {
namespace {

template <typename Enum>
struct Choice {
  std::string_view name;
  Enum value;
};

constexpr Choice<v1::Camera> kCameras[] = {
    {"auto", v1::CAMERA_AUTO},   {"static", v1::CAMERA_STATIC}, {"left", v1::CAMERA_LEFT},
    {"right", v1::CAMERA_RIGHT}, {"up", v1::CAMERA_UP},         {"down", v1::CAMERA_DOWN},
};

constexpr Choice<v1::Sampler> kSamplers[] = {
    {"ddim", v1::SAMPLER_DDIM},
    {"euler", v1::SAMPLER_EULER},
    {"euler-ancestral", v1::SAMPLER_EULER_ANCESTRAL},
    {"dpm-multistep", v1::SAMPLER_DPM_MULTISTEP},
    {"pndm", v1::SAMPLER_PNDM},
};

constexpr Choice<v1::Fp8Mode> kFp8Modes[] = {
    {"none", v1::FP8_MODE_NONE},
    {"lite", v1::FP8_MODE_LITE},
    {"strong", v1::FP8_MODE_STRONG},
    {"extreme", v1::FP8_MODE_EXTREME},
};

constexpr Choice<v1::Fp8Type> kFp8Types[] = {
    {"e4m3fn", v1::FP8_TYPE_E4M3FN},
    {"e5m2", v1::FP8_TYPE_E5M2},
};

constexpr Choice<v1::MemoryPolicy> kMemoryPolicies[] = {
    {"auto", v1::MEMORY_POLICY_AUTO},
    {"fastest", v1::MEMORY_POLICY_FASTEST},
    {"smallest", v1::MEMORY_POLICY_SMALLEST},
};

template <typename Enum, size_t size>
std::vector<std::string> Names(const Choice<Enum> (&choices)[size]) {
  std::vector<std::string> names;
  for (const Choice<Enum>& choice : choices) {
    names.emplace_back(choice.name);
  }
  return names;
}

template <typename Enum, size_t size>
Enum OfName(const Choice<Enum> (&choices)[size], std::string_view name) {
  for (const Choice<Enum>& choice : choices) {
    if (choice.name == name)
      return choice.value;
  }
  return Enum{};
}

// "`kind` 17" for a value without a name.
template <typename Enum, size_t size>
std::string NameOf(const Choice<Enum> (&choices)[size], Enum value, std::string_view kind) {
  for (const Choice<Enum>& choice : choices) {
    if (choice.value == value)
      return std::string(choice.name);
  }
  return absl::StrFormat("%s %d", kind, static_cast<int>(value));
}

}  // namespace

std::vector<std::string> CameraNames() {
  return Names(kCameras);
}

std::vector<std::string> SamplerNames() {
  return Names(kSamplers);
}

std::vector<std::string> Fp8ModeNames() {
  return Names(kFp8Modes);
}

std::vector<std::string> Fp8TypeNames() {
  return Names(kFp8Types);
}

std::vector<std::string> MemoryPolicyNames() {
  return Names(kMemoryPolicies);
}

v1::Camera CameraOfName(std::string_view name) {
  return OfName(kCameras, name);
}

v1::Sampler SamplerOfName(std::string_view name) {
  return OfName(kSamplers, name);
}

v1::Fp8Mode Fp8ModeOfName(std::string_view name) {
  return OfName(kFp8Modes, name);
}

v1::Fp8Type Fp8TypeOfName(std::string_view name) {
  return OfName(kFp8Types, name);
}

v1::MemoryPolicy MemoryPolicyOfName(std::string_view name) {
  return OfName(kMemoryPolicies, name);
}

std::string NameOfSampler(v1::Sampler sampler) {
  return NameOf(kSamplers, sampler, "sampler");
}

std::string NameOfFp8Mode(v1::Fp8Mode mode) {
  return NameOf(kFp8Modes, mode, "mode");
}

std::string NameOfFp8Type(v1::Fp8Type type) {
  return NameOf(kFp8Types, type, "type");
}

}  // namespace ruyi::client
