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

}  // namespace

std::vector<std::string> CameraNames() {
  return Names(kCameras);
}

std::vector<std::string> SamplerNames() {
  return Names(kSamplers);
}

v1::Camera CameraOfName(std::string_view name) {
  return OfName(kCameras, name);
}

v1::Sampler SamplerOfName(std::string_view name) {
  return OfName(kSamplers, name);
}

std::string NameOfSampler(v1::Sampler sampler) {
  for (const Choice<v1::Sampler>& choice : kSamplers) {
    if (choice.value == sampler)
      return std::string(choice.name);
  }
  return absl::StrFormat("sampler %d", static_cast<int>(sampler));
}

}  // namespace ruyi::client
