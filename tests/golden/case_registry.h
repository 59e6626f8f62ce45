// Says which function runs which kind of case. Before it: golden_case.h. After it: one file per kind. Thread-safe.
#pragma once

#include <string_view>

#include "tests/golden/case_run.h"

namespace ruyi::golden {

absl::StatusOr<std::vector<CaseOutput>> RunBucketsCase(const CaseInput& input);
absl::StatusOr<std::vector<CaseOutput>> RunClipCase(const CaseInput& input);
absl::StatusOr<std::vector<CaseOutput>> RunFp8NamesCase(const CaseInput& input);
absl::StatusOr<std::vector<CaseOutput>> RunPipelineCase(const CaseInput& input);
absl::StatusOr<std::vector<CaseOutput>> RunResizeCase(const CaseInput& input);
absl::StatusOr<std::vector<CaseOutput>> RunRngCase(const CaseInput& input);
absl::StatusOr<std::vector<CaseOutput>> RunSchedulerCase(const CaseInput& input);
absl::StatusOr<std::vector<CaseOutput>> RunTransformerCase(const CaseInput& input);
absl::StatusOr<std::vector<CaseOutput>> RunVaeCase(const CaseInput& input);

// Returns null when `kind` is unknown.
CaseFunction FindCaseFunction(std::string_view kind);

}  // namespace ruyi::golden
