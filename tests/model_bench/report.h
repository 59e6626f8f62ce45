// Says what was measured: a row of a table on standard output, and a line of JSON in a file. Before it: the benches.
// Not thread-safe.
#pragma once

#include <fstream>
#include <string>

#include "absl/status/statusor.h"
#include "tests/model_bench/bench_options.h"
#include "tests/model_bench/measurement.h"
#include "tests/model_bench/run_facts.h"

namespace ruyi::bench {

class Report {
 public:
  // Writes the table's head. PERMISSION_DENIED: the JSON file cannot be written.
  static absl::StatusOr<Report> Create(const BenchOptions& options);

  void Add(const Measurement& measurement);

 private:
  explicit Report(const TensorPlacement& placement) : placement_(placement), facts_(FactsOf(placement.device)) {}

  TensorPlacement placement_;
  RunFacts facts_;
  std::ofstream json_;
};

}  // namespace ruyi::bench
