#include "tests/model_bench/report.h"

#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/str_format.h"

namespace ruyi::bench {
namespace {

using nlohmann::ordered_json;

// Returns the least and the most of the seconds.
std::pair<double, double> RangeOf(const Measurement& measurement) {
  const auto [least, most] = std::minmax_element(measurement.seconds.begin(), measurement.seconds.end());
  return measurement.seconds.empty() ? std::pair(0.0, 0.0) : std::pair(*least, *most);
}

ordered_json ToJson(const Measurement& measurement, const TensorPlacement& placement, const RunFacts& facts) {
  const auto [least, most] = RangeOf(measurement);
  ordered_json json = {{"side", "ruyi-server"},
                       {"bench", measurement.bench},
                       {"shape", measurement.shape},
                       {"task", measurement.task},
                       {"mode", measurement.mode},
                       {"configuration", measurement.configuration},
                       {"dtype", c10::toString(placement.dtype)},
                       {"median_s", Median(measurement.seconds)},
                       {"min_s", least},
                       {"max_s", most},
                       {"seconds", measurement.seconds},
                       {"peak_mib", measurement.peak_mib},
                       {"reserved_mib", measurement.reserved_mib}};
  for (const auto& [name, value] : measurement.other)
    json[name] = value;
  for (const auto& [name, values] : measurement.lists)
    json[name] = values;
  if (!measurement.note.empty())
    json["note"] = measurement.note;
  json.update({{"version", facts.version},
               {"device", facts.device},
               {"driver", facts.driver},
               {"torch", facts.torch},
               {"date", facts.date}});
  return json;
}

std::string Details(const Measurement& measurement) {
  std::string text;
  for (const auto& [name, value] : measurement.other)
    absl::StrAppendFormat(&text, " %s %.6g", name, value);
  absl::StrAppend(&text, measurement.note.empty() ? "" : " ", measurement.note);
  return text;
}

}  // namespace

absl::StatusOr<Report> Report::Create(const BenchOptions& options) {
  Report report(options.placement);
  if (!options.json.empty()) {
    report.json_.open(options.json, std::ios::app);
    if (!report.json_)
      return absl::PermissionDeniedError(absl::StrFormat("%s cannot be written", options.json));
  }
  std::cout << absl::StrFormat("%-12s %-24s %-16s %-12s %9s %9s %9s %10s %10s\n", "bench", "shape", "task", "mode",
                               "median s", "min s", "max s", "peak MiB", "reserved");
  return report;
}

void Report::Add(const Measurement& measurement) {
  const auto [least, most] = RangeOf(measurement);
  std::cout << absl::StrFormat("%-12s %-24s %-16s %-12s %9.4f %9.4f %9.4f %10.0f %10.0f %s\n", measurement.bench,
                               measurement.shape, measurement.task, measurement.mode, Median(measurement.seconds),
                               least, most, measurement.peak_mib, measurement.reserved_mib, Details(measurement))
            << std::flush;
  if (json_.is_open())
    json_ << ToJson(measurement, placement_, facts_).dump() << std::endl;
}

}  // namespace ruyi::bench
