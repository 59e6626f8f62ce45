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
  if (pair.size() != 2 || (pair[0] != "blocks" && pair[0] != "states"))
    return false;
  int64_t& count = pair[0] == "blocks" ? mode.memory.resident_blocks : mode.memory.resident_states;
  return absl::SimpleAtoi(pair[1], &count) && count >= 0;
}

}  // namespace

absl::StatusOr<BenchMode> ParseMode(std::string_view text) {
  BenchMode mode;
  for (const std::string& part : std::vector<std::string>(absl::StrSplit(std::string(text), '+'))) {
    if (!SetPart(part, mode)) {
      return absl::InvalidArgumentError(absl::StrFormat(
          "'%s' is no mode: use guided or plain, +blocks=N and +states=N for what stays on the device", text));
    }
  }
  return mode;
}

}  // namespace ruyi::bench
