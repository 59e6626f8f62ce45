#include "tests/model_bench/bench_mode.h"

#include <map>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "core/base/status_macros.h"
#include "core/request/fp8_names.h"
#include "core/request/limits.h"
#include "core/request/quality_profile.h"

namespace ruyi::bench {
namespace {

bool SetCount(const std::string& text, std::optional<int>& count) {
  int number = 0;
  if (!absl::SimpleAtoi(text, &number) || number < 0)
    return false;
  count = number;
  return true;
}

// Takes a threshold: a number from 0 to `most`.
bool SetThreshold(const std::string& text, double most, double& number) {
  return absl::SimpleAtod(text, &number) && number >= 0 && number <= most;
}

bool SetGate(const std::string& text, double& start_ratio) {
  return absl::SimpleAtod(text, &start_ratio) && start_ratio > kGuidanceGateStartRatio.min &&
         start_ratio < kGuidanceGateStartRatio.max;
}

bool SetFp8(const std::string& text, BenchMode& mode) {
  const auto found = Fp8Modes().find(text);
  if (found != Fp8Modes().end())
    mode.fp8 = {.mode = found->second};
  return found != Fp8Modes().end();
}

bool SetQuality(const std::string& text, BenchMode& mode) {
  const std::map<std::string, Quality> qualities = {
      {"lossless", Quality::kLossless}, {"balanced", Quality::kBalanced}, {"fast", Quality::kFast}};
  const auto found = qualities.find(text);
  if (found == qualities.end())
    return false;
  const QualityProfile profile = ProfileOf(found->second);
  mode.easy_cache = profile.easy_cache;
  mode.guidance_gate = profile.guidance_gate;
  return true;
}

bool SetPair(const std::string& name, const std::string& value, BenchMode& mode) {
  if (name == "blocks")
    return SetCount(value, mode.resident_blocks);
  if (name == "states")
    return SetCount(value, mode.resident_states);
  if (name == "tea")
    return SetThreshold(value, kTeaCacheThreshold.max, mode.tea_cache.emplace().threshold);
  if (name == "easy")
    return SetThreshold(value, kEasyCacheThreshold.max, mode.easy_cache.emplace().threshold);
  if (name == "gate")
    return SetGate(value, mode.guidance_gate.emplace().start_ratio);
  if (name == "fp8")
    return SetFp8(value, mode);
  return name == "quality" && SetQuality(value, mode);
}

bool SetPart(const std::string& part, BenchMode& mode) {
  const std::vector<std::string> pair = absl::StrSplit(part, '=');
  if (pair.size() == 1 && (part == "guided" || part == "plain")) {
    mode.is_guided = part == "guided";
    return true;
  }
  if (part == "turn" || part == "slabs") {
    (part == "turn" ? mode.branches_in_turn : mode.autoencoder_in_slabs) = true;
    return true;
  }
  if (part == "scaled" && mode.fp8.has_value()) {
    mode.fp8->arithmetic = Fp8Arithmetic::kScaled;
    return true;
  }
  return pair.size() == 2 && SetPair(pair[0], pair[1], mode);
}

}  // namespace

MemoryMode BenchMode::memory() const {
  MemoryMode mode = {.branches_in_turn = branches_in_turn, .autoencoder_in_slabs = autoencoder_in_slabs};
  mode.resident_blocks = resident_blocks.value_or(mode.resident_blocks);
  mode.resident_states = resident_states.value_or(mode.resident_states);
  return mode;
}

void BenchMode::ApplyTo(VideoSpec& spec) const {
  spec.tea_cache = tea_cache;
  spec.easy_cache = easy_cache;
  spec.guidance_gate = guidance_gate;
  spec.fp8 = fp8.value_or(spec.fp8);
}

absl::StatusOr<BenchMode> ParseMode(std::string_view text) {
  BenchMode mode;
  for (const std::string& part : std::vector<std::string>(absl::StrSplit(std::string(text), '+'))) {
    if (!SetPart(part, mode)) {
      return absl::InvalidArgumentError(absl::StrFormat(
          "'%s' is no mode: use guided or plain, +blocks=N and +states=N for what stays on the device, +turn, +slabs, "
          "and +tea=X, +easy=X, +gate=X, +fp8=WORD, +fp8=WORD+scaled or +quality=WORD for what is approximated",
          text));
    }
  }
  return mode;
}

absl::StatusOr<BenchMode> ParseFullMode(std::string_view text) {
  RUYI_ASSIGN_OR_RETURN(const BenchMode mode, ParseMode(text));
  if (mode.leaves_work_out())
    return absl::InvalidArgumentError(absl::StrFormat("'%s' leaves work out, which only `quality` measures", text));
  return mode;
}

}  // namespace ruyi::bench
