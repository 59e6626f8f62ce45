#include "tests/golden/run_golden.h"

#include <regex>

#include "absl/strings/str_format.h"
#include "core/base/error_info.h"
#include "core/base/error_reasons.h"
#include "core/base/exception_guard.h"
#include "core/base/status_macros.h"
#include "tests/golden/case_registry.h"
#include "tests/golden/compare.h"

namespace ruyi::golden {
namespace {

enum class Verdict { kPass, kFail, kSkip };

struct CaseReport {
  Verdict verdict = Verdict::kFail;
  std::string worst_output;  // empty when nothing was compared
  double error = 0;
  std::string reason;  // why it did not pass
};

absl::StatusOr<std::regex> Compile(const std::string& filter) {
  const absl::StatusOr<std::regex> regex = GuardExceptions("reading the filter", [&] { return std::regex(filter); });
  if (regex.ok())
    return regex;
  return absl::InvalidArgumentError(
      absl::StrFormat("'%s' is not a regular expression: %s", filter, regex.status().message()));
}

absl::StatusOr<std::vector<CaseOutput>> Compute(const CaseInput& input) {
  const CaseFunction function = FindCaseFunction(input.golden.kind);
  if (function == nullptr)
    return NotBuilt(absl::StrFormat("kind '%s'", input.golden.kind));
  return GuardExceptions("running the case", [&] { return function(input); });
}

CaseReport ReportError(const absl::Status& status) {
  const bool skip = GetErrorInfo(status).reason == reason::kFeatureNotBuilt;
  return {.verdict = skip ? Verdict::kSkip : Verdict::kFail, .reason = std::string(status.message())};
}

CaseReport ReportOutputs(const std::vector<CaseOutput>& outputs, double tolerance) {
  CaseReport report = {.error = -1};
  for (const CaseOutput& output : outputs) {
    const Difference difference = Compare(output.ours, output.golden);
    if (difference.error <= report.error)
      continue;
    report.worst_output = output.name;
    report.error = difference.error;
    report.reason = difference.problem;
  }
  report.verdict = report.error <= tolerance ? Verdict::kPass : Verdict::kFail;
  return report;
}

// The file's are for float32 on a CPU. What must be equal must be equal everywhere.
double ToleranceOf(const GoldenCase& golden, const TensorPlacement& placement) {
  constexpr double kOtherSums = 10;  // a GPU adds in another order
  constexpr double kHalfPrecision = 3e-2;
  if (golden.tolerance == 0 || (placement.dtype == c10::kFloat && placement.device.is_cpu()))
    return golden.tolerance;
  return placement.dtype == c10::kFloat ? golden.tolerance * kOtherSums : kHalfPrecision;
}

CaseReport RunCase(const CaseInput& input) {
  const absl::StatusOr<std::vector<CaseOutput>> outputs = Compute(input);
  if (!outputs.ok())
    return ReportError(outputs.status());
  if (outputs->empty())
    return {.reason = "nothing was compared"};
  return ReportOutputs(*outputs, input.golden.tolerance);
}

void Count(Verdict verdict, RunTotals& totals) {
  if (verdict == Verdict::kPass)
    ++totals.passed;
  if (verdict == Verdict::kFail)
    ++totals.failed;
  if (verdict == Verdict::kSkip)
    ++totals.skipped;
}

std::string_view Name(Verdict verdict) {
  if (verdict == Verdict::kPass)
    return "PASS";
  return verdict == Verdict::kFail ? "FAIL" : "SKIP";
}

std::string Line(const GoldenCase& golden, const CaseReport& report) {
  const bool compared = !report.worst_output.empty();
  return absl::StrFormat("%-34s %-22s %-10s %-8g %s%s%s\n", golden.name, compared ? report.worst_output : "-",
                         compared ? absl::StrFormat("%.3g", report.error) : "-", golden.tolerance, Name(report.verdict),
                         report.reason.empty() ? "" : "  ", report.reason);
}

}  // namespace

absl::StatusOr<RunTotals> RunGolden(const RunOptions& options, std::ostream& out) {
  RUYI_ASSIGN_OR_RETURN(const std::regex filter, Compile(options.filter));
  RUYI_ASSIGN_OR_RETURN(const std::vector<GoldenCase> cases, ReadCases(options.folder));
  RunTotals totals;
  for (const GoldenCase& golden : cases) {
    if (!std::regex_search(golden.name, filter))
      continue;
    CaseInput input = {.golden = golden, .folder = options.folder, .placement = options.placement};
    input.golden.tolerance = ToleranceOf(golden, options.placement);
    const CaseReport report = RunCase(input);
    Count(report.verdict, totals);
    out << Line(input.golden, report) << std::flush;
  }
  out << absl::StrFormat("%d passed, %d failed, %d skipped\n", totals.passed, totals.failed, totals.skipped);
  return totals;
}

}  // namespace ruyi::golden
