// Lists the words for the enums of the contract, as flags take and texts show them. Before it: the command line. After
// it: the request. Constants; thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ruyi/v1/video.pb.h"

namespace ruyi::client {

// Each returns all words, in the order of --help.
std::vector<std::string> CameraNames();
std::vector<std::string> SamplerNames();
std::vector<std::string> Fp8ModeNames();
std::vector<std::string> Fp8TypeNames();
std::vector<std::string> Fp8ArithmeticNames();
std::vector<std::string> MemoryPolicyNames();
std::vector<std::string> QualityNames();
std::vector<std::string> PriorityNames();
std::vector<std::string> EncoderPresetNames();
std::vector<std::string> StateNames();

// Each returns the value of a word; UNSPECIFIED for an unknown word.
v1::Camera CameraOfName(std::string_view name);
v1::Sampler SamplerOfName(std::string_view name);
v1::Fp8Mode Fp8ModeOfName(std::string_view name);
v1::Fp8Type Fp8TypeOfName(std::string_view name);
v1::Fp8Arithmetic Fp8ArithmeticOfName(std::string_view name);
v1::MemoryPolicy MemoryPolicyOfName(std::string_view name);
v1::Quality QualityOfName(std::string_view name);
v1::Priority PriorityOfName(std::string_view name);
v1::EncoderPreset EncoderPresetOfName(std::string_view name);
v1::VideoState StateOfName(std::string_view name);

// Each returns the word of a value; "sampler 17", "mode 17" and the like for one that this client does not know.
std::string NameOfSampler(v1::Sampler sampler);
std::string NameOfFp8Mode(v1::Fp8Mode mode);
std::string NameOfFp8Type(v1::Fp8Type type);
std::string NameOfFp8Arithmetic(v1::Fp8Arithmetic arithmetic);
std::string NameOfQuality(v1::Quality quality);
std::string NameOfState(v1::VideoState state);
std::string NameOfPriority(v1::Priority priority);

}  // namespace ruyi::client
