#include "tests/model_bench/comparison.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "core/base/status_macros.h"
#include "core/json/json_file.h"

namespace ruyi::bench {
namespace {

// Which program it is a result of, and with what it was measured.
constexpr std::array<std::string_view, 5> kFacts = {"version", "device", "driver", "torch", "dtype"};

struct Row {
  std::string side, bench, shape, task, mode;
  double seconds = 0;
  double peak_mib = 0;
  std::array<std::string, kFacts.size()> facts;
};

using Rows = std::vector<Row>;
using Pair = std::pair<const Row*, const Row*>;

bool IsSameSubject(const Row& a, const Row& b) {
  return std::tie(a.bench, a.shape, a.task) == std::tie(b.bench, b.shape, b.task);
}

bool IsComparable(const Row& a, const Row& b) {
  return IsSameSubject(a, b) && (a.side != b.side || a.mode == b.mode);
}

bool IsSameResult(const Row& a, const Row& b) {
  return IsSameSubject(a, b) && a.side == b.side && a.mode == b.mode;
}

std::string NameOf(const Row& row) {
  return absl::StrJoin({row.bench, row.shape, row.task, row.mode}, " ");
}

absl::StatusOr<Row> ParseRow(const nlohmann::json& object) {
  Row row;
  RUYI_ASSIGN_OR_RETURN(row.side, GetString(object, "side"));
  RUYI_ASSIGN_OR_RETURN(row.bench, GetString(object, "bench"));
  RUYI_ASSIGN_OR_RETURN(row.shape, GetString(object, "shape"));
  RUYI_ASSIGN_OR_RETURN(row.task, GetString(object, "task"));
  RUYI_ASSIGN_OR_RETURN(row.mode, GetString(object, "mode"));
  RUYI_ASSIGN_OR_RETURN(row.seconds, GetDouble(object, "median_s"));
  if (!(row.seconds > 0))
    return absl::FailedPreconditionError(absl::StrFormat("median_s is %g; it must be above 0", row.seconds));
  RUYI_ASSIGN_OR_RETURN(row.peak_mib, GetDouble(object, "peak_mib"));
  for (size_t i = 0; i < kFacts.size(); ++i) {
    RUYI_ASSIGN_OR_RETURN(row.facts[i], GetString(object, kFacts[i]));
  }
  return row;
}

void KeepLast(Row row, Rows& rows) {
  const auto earlier = std::find_if(rows.begin(), rows.end(), [&](const Row& old) { return IsSameResult(old, row); });
  if (earlier == rows.end())
    rows.push_back(std::move(row));
  else
    *earlier = std::move(row);
}

absl::StatusOr<Rows> ReadRows(const std::filesystem::path& path) {
  std::ifstream file(path);
  if (!file)
    return absl::NotFoundError(absl::StrFormat("%s cannot be read: give what --json wrote", path.string()));
  Rows rows;
  int number = 0;
  for (std::string line; std::getline(file, line);) {
    const std::string where = absl::StrFormat("%s:%d", path.string(), ++number);
    RUYI_ASSIGN_OR_RETURN(const nlohmann::json object, ParseJson(line, where));
    absl::StatusOr<Row> row = ParseRow(object);
    if (!row.ok())
      return WithPrefix(where, row.status());
    KeepLast(*std::move(row), rows);
  }
  return rows;
}

std::vector<Pair> PairsOf(const Rows& before, const Rows& after) {
  std::vector<Pair> pairs;
  for (const Row& a : before) {
    for (const Row& b : after) {
      if (IsComparable(a, b))
        pairs.emplace_back(&a, &b);
    }
  }
  return pairs;
}

std::string RatioOf(double before, double after) {
  return before > 0 && after > 0 ? absl::StrFormat("%.3f", after / before) : "-";
}

void PrintTable(const std::vector<Pair>& pairs, std::ostream& out) {
  out << absl::StrFormat("%-60s %-12s %11s %11s %7s %9s %9s %7s\n", "before", "after", "s", "s", "ratio", "MiB", "MiB",
                         "ratio");
  for (const auto& [a, b] : pairs) {
    out << absl::StrFormat("%-60s %-12s %11.6f %11.6f %7s %9.0f %9.0f %7s\n", NameOf(*a), b->mode, a->seconds,
                           b->seconds, RatioOf(a->seconds, b->seconds), a->peak_mib, b->peak_mib,
                           RatioOf(a->peak_mib, b->peak_mib));
  }
}

// Prints the rows that have no like among `others`, and returns their number.
int PrintMissing(std::string_view where, const Rows& rows, const Rows& others, std::ostream& out) {
  int missing = 0;
  for (const Row& row : rows) {
    if (std::any_of(others.begin(), others.end(), [&](const Row& other) { return IsComparable(row, other); }))
      continue;
    out << "only " << where << ": " << NameOf(row) << "\n";
    ++missing;
  }
  return missing;
}

// Names each fact in which two results of a pair differ, once for each two values of it.
void PrintDifferences(const std::vector<Pair>& pairs, std::ostream& out) {
  std::vector<std::string> said;
  for (const auto& [a, b] : pairs) {
    for (size_t i = 0; i < kFacts.size(); ++i) {
      const std::string difference =
          absl::StrFormat("warning: %s differs: '%s' before, '%s' after", kFacts[i], a->facts[i], b->facts[i]);
      if (a->facts[i] == b->facts[i] || std::find(said.begin(), said.end(), difference) != said.end())
        continue;
      said.push_back(difference);
      out << difference << "\n";
    }
  }
}

absl::Status CheckSpeed(const std::vector<Pair>& pairs, double most) {
  std::vector<std::string> slower;
  for (const auto& [a, b] : pairs) {
    if (b->seconds > a->seconds * most)
      slower.push_back(absl::StrCat(NameOf(*a), " (", RatioOf(a->seconds, b->seconds), ")"));
  }
  if (slower.empty())
    return absl::OkStatus();
  return absl::AbortedError(absl::StrFormat("%d of %d results take more than %g times as long as before: %s",
                                            slower.size(), pairs.size(), most, absl::StrJoin(slower, ", ")));
}

}  // namespace

absl::Status CompareRuns(const ComparisonOptions& options, std::ostream& out) {
  RUYI_ASSIGN_OR_RETURN(const Rows before, ReadRows(options.before));
  RUYI_ASSIGN_OR_RETURN(const Rows after, ReadRows(options.after));
  const std::vector<Pair> pairs = PairsOf(before, after);
  if (pairs.empty())
    return absl::InvalidArgumentError(
        absl::StrFormat("%s and %s have no result in common", options.before.string(), options.after.string()));
  PrintTable(pairs, out);
  const int missing = PrintMissing("before", before, after, out);
  PrintMissing("after", after, before, out);
  PrintDifferences(pairs, out);
  if (!options.fail_above.has_value())
    return absl::OkStatus();
  if (missing > 0)
    return absl::AbortedError(absl::StrFormat("%d results of %s are not in %s: the run was not whole", missing,
                                              options.before.string(), options.after.string()));
  return CheckSpeed(pairs, *options.fail_above);
}

}  // namespace ruyi::bench
