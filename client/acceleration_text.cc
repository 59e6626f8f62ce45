#include "client/acceleration_text.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/choices.h"

namespace ruyi::client {
namespace {

using Flags = std::vector<std::string>;

void AddFp8(const v1::Fp8& fp8, Flags& flags) {
  if (fp8.mode() == v1::FP8_MODE_UNSPECIFIED || fp8.mode() == v1::FP8_MODE_NONE)
    return;
  flags.push_back(absl::StrCat("--fp8 ", NameOfFp8Mode(fp8.mode())));
  if (fp8.type() == v1::FP8_TYPE_E5M2)
    flags.push_back(absl::StrCat("--fp8-type ", NameOfFp8Type(fp8.type())));
  if (fp8.arithmetic() == v1::FP8_ARITHMETIC_SCALED)
    flags.push_back(absl::StrCat("--fp8-arithmetic ", NameOfFp8Arithmetic(fp8.arithmetic())));
}

// Adds a cache, or another option that leaves out steps at the start and at the end.
template <typename Option>
void AddWithSkip(const char* flag, double value, const Option& option, Flags& flags) {
  flags.push_back(
      absl::StrCat(flag, " ", value, " ", flag, "-skip ", option.skip_start_steps(), ",", option.skip_end_steps()));
}

}  // namespace

std::string AccelerationText(const v1::Acceleration& settings) {
  Flags flags;
  AddFp8(settings.fp8(), flags);
  if (settings.has_tea_cache())
    AddWithSkip("--tea-cache", settings.tea_cache().threshold(), settings.tea_cache(), flags);
  if (settings.has_enhance_a_video())
    AddWithSkip("--enhance", settings.enhance_a_video().weight(), settings.enhance_a_video(), flags);
  if (settings.has_easy_cache())
    AddWithSkip("--easy-cache", settings.easy_cache().threshold(), settings.easy_cache(), flags);
  if (settings.has_guidance_gate())
    flags.push_back(absl::StrCat("--guidance-gate ", settings.guidance_gate().start_ratio()));
  for (const v1::Lora& lora : settings.loras())
    flags.push_back(absl::StrCat("--lora ", lora.name(), "=", lora.strength()));
  return absl::StrJoin(flags, " ");
}

}  // namespace ruyi::client
