// Runs the cases of a golden folder and says how each went. Tolerances are those of the cases for float32 on a CPU, ten
// times as wide for float32 on a GPU, 3e-2 for narrower types. Before it: main.cc. After it: case_registry.h,
// compare.h. Not thread-safe.
#pragma once

#include <filesystem>
#include <ostream>
#include <string>

#include "absl/status/statusor.h"
#include "core/tensor/tensor_placement.h"

namespace ruyi::golden {

struct RunOptions {
  std::filesystem::path folder;  // with cases.json
  std::string filter;            // regular expression that a case's name must contain a match of; empty takes all
  TensorPlacement placement;
};

struct RunTotals {
  int passed = 0;
  int failed = 0;
  int skipped = 0;

  // 0 when at least one case ran and none failed; else 1.
  int exit_code() const { return passed > 0 && failed == 0 ? 0 : 1; }
};

// Writes one line per case to `out` (name, worst output, its error, tolerance, PASS, FAIL or SKIP, and why if it did
// not pass), then "N passed, N failed, N skipped". INVALID_ARGUMENT: `filter` is no regular expression; and the errors
// of ReadCases. Blocks for as long as the cases take.
absl::StatusOr<RunTotals> RunGolden(const RunOptions& options, std::ostream& out);

}  // namespace ruyi::golden
