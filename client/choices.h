// The words for the enums of the contract, as flags take and texts show them. Before it: the command line. After it:
// the request. Constants; thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ruyi/v1/video.pb.h"

namespace ruyi::client {

// All words, in the order of --help.
std::vector<std::string> CameraNames();
std::vector<std::string> SamplerNames();
std::vector<std::string> Fp8ModeNames();
std::vector<std::string> Fp8TypeNames();
std::vector<std::string> MemoryPolicyNames();

// UNSPECIFIED for an unknown word.
v1::Camera CameraOfName(std::string_view name);
v1::Sampler SamplerOfName(std::string_view name);
v1::Fp8Mode Fp8ModeOfName(std::string_view name);
v1::Fp8Type Fp8TypeOfName(std::string_view name);
v1::MemoryPolicy MemoryPolicyOfName(std::string_view name);

// "sampler 17", "mode 17", "type 17" for one that this client does not know.
std::string NameOfSampler(v1::Sampler sampler);
std::string NameOfFp8Mode(v1::Fp8Mode mode);
std::string NameOfFp8Type(v1::Fp8Type type);

}  // namespace ruyi::client
