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

constexpr Choice<v1::Fp8Arithmetic> kFp8Arithmetics[] = {
    {"widened", v1::FP8_ARITHMETIC_WIDENED},
    {"scaled", v1::FP8_ARITHMETIC_SCALED},
};

constexpr Choice<v1::MemoryPolicy> kMemoryPolicies[] = {
    {"auto", v1::MEMORY_POLICY_AUTO},
    {"fastest", v1::MEMORY_POLICY_FASTEST},
    {"smallest", v1::MEMORY_POLICY_SMALLEST},
};

constexpr Choice<v1::Quality> kQualities[] = {
    {"lossless", v1::QUALITY_LOSSLESS},
    {"balanced", v1::QUALITY_BALANCED},
    {"fast", v1::QUALITY_FAST},
};

constexpr Choice<v1::Priority> kPriorities[] = {
    {"low", v1::PRIORITY_LOW},
    {"normal", v1::PRIORITY_NORMAL},
    {"high", v1::PRIORITY_HIGH},
};

constexpr Choice<v1::EncoderPreset> kEncoderPresets[] = {
    {"ultrafast", v1::ENCODER_PRESET_ULTRAFAST}, {"superfast", v1::ENCODER_PRESET_SUPERFAST},
    {"veryfast", v1::ENCODER_PRESET_VERYFAST},   {"faster", v1::ENCODER_PRESET_FASTER},
    {"fast", v1::ENCODER_PRESET_FAST},           {"medium", v1::ENCODER_PRESET_MEDIUM},
    {"slow", v1::ENCODER_PRESET_SLOW},           {"slower", v1::ENCODER_PRESET_SLOWER},
    {"veryslow", v1::ENCODER_PRESET_VERYSLOW},
};

constexpr Choice<v1::VideoState> kStates[] = {
    {"queued", v1::VIDEO_STATE_QUEUED},         {"running", v1::VIDEO_STATE_RUNNING},
    {"cancelling", v1::VIDEO_STATE_CANCELLING}, {"succeeded", v1::VIDEO_STATE_SUCCEEDED},
    {"failed", v1::VIDEO_STATE_FAILED},         {"cancelled", v1::VIDEO_STATE_CANCELLED},
    {"expired", v1::VIDEO_STATE_EXPIRED},
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

// Returns the name of a value; "`kind` 17" for a value without a name.
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

std::vector<std::string> Fp8ArithmeticNames() {
  return Names(kFp8Arithmetics);
}

std::vector<std::string> MemoryPolicyNames() {
  return Names(kMemoryPolicies);
}

std::vector<std::string> QualityNames() {
  return Names(kQualities);
}

std::vector<std::string> PriorityNames() {
  return Names(kPriorities);
}

std::vector<std::string> EncoderPresetNames() {
  return Names(kEncoderPresets);
}

std::vector<std::string> StateNames() {
  return Names(kStates);
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

v1::Fp8Arithmetic Fp8ArithmeticOfName(std::string_view name) {
  return OfName(kFp8Arithmetics, name);
}

v1::MemoryPolicy MemoryPolicyOfName(std::string_view name) {
  return OfName(kMemoryPolicies, name);
}

v1::Quality QualityOfName(std::string_view name) {
  return OfName(kQualities, name);
}

v1::Priority PriorityOfName(std::string_view name) {
  return OfName(kPriorities, name);
}

v1::EncoderPreset EncoderPresetOfName(std::string_view name) {
  return OfName(kEncoderPresets, name);
}

v1::VideoState StateOfName(std::string_view name) {
  return OfName(kStates, name);
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

std::string NameOfFp8Arithmetic(v1::Fp8Arithmetic arithmetic) {
  return NameOf(kFp8Arithmetics, arithmetic, "arithmetic");
}

std::string NameOfQuality(v1::Quality quality) {
  return NameOf(kQualities, quality, "quality");
}

std::string NameOfState(v1::VideoState state) {
  return NameOf(kStates, state, "state");
}

std::string NameOfPriority(v1::Priority priority) {
  return NameOf(kPriorities, priority, "priority");
}

}  // namespace ruyi::client
