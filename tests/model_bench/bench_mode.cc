#include "tests/model_bench/bench_mode.h"

#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"

namespace ruyi::bench {
namespace {

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
  if (pair.size() != 2 || (pair[0] != "blocks" && pair[0] != "states"))
    return false;
  int count = 0;
  if (!absl::SimpleAtoi(pair[1], &count) || count < 0)
    return false;
  (pair[0] == "blocks" ? mode.resident_blocks : mode.resident_states) = count;
  return true;
}

}  // namespace

MemoryMode BenchMode::memory() const {
  MemoryMode mode = {.branches_in_turn = branches_in_turn, .autoencoder_in_slabs = autoencoder_in_slabs};
  mode.resident_blocks = resident_blocks.value_or(mode.resident_blocks);
  mode.resident_states = resident_states.value_or(mode.resident_states);
  return mode;
}

absl::StatusOr<BenchMode> ParseMode(std::string_view text) {
  BenchMode mode;
  for (const std::string& part : std::vector<std::string>(absl::StrSplit(std::string(text), '+'))) {
    if (!SetPart(part, mode)) {
      return absl::InvalidArgumentError(absl::StrFormat(
          "'%s' is no mode: use guided or plain, +blocks=N and +states=N for what stays on the device, +turn, +slabs",
          text));
    }
  }
  return mode;
}

}  // namespace ruyi::bench
