// Puts the results of two runs side by side. Before it: files of JSON lines, as report.h and reference.py write them.
// After it: a table for people, and a verdict. Functions without state.
#pragma once

#include <filesystem>
#include <optional>
#include <ostream>

#include "absl/status/status.h"

namespace ruyi::bench {

struct ComparisonOptions {
  std::filesystem::path before;
  std::filesystem::path after;
  std::optional<double> fail_above;  // times as long as before; nullopt: as long as it likes
};

// Prints, for each result of `before`, what `after` has for the same bench, shape and task: of one program in the same
// mode, of two (ours and the reference) in every mode. Of results that a file has twice, the last counts. What one side
// alone has is named below, and so are differences of device, version and libraries. ABORTED: a result is slower than
// options.fail_above allows. NOT_FOUND: no such file. DATA_LOSS, FAILED_PRECONDITION: a line is no result.
// INVALID_ARGUMENT: the files have nothing in common. Blocks on the disk.
absl::Status CompareRuns(const ComparisonOptions& options, std::ostream& out);

}  // namespace ruyi::bench
