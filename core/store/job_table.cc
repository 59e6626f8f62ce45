#include "core/store/job_table.h"

#include <algorithm>

namespace ruyi {
namespace {

constexpr absl::Duration kLongestWork = absl::Hours(365 * 24);  // so that sums stay finite

}  // namespace

int64_t ClaimKeyOf(const JobRow& row) {
  const int classes_above_normal = static_cast<int>(row.record.ticket.priority) - static_cast<int>(Priority::kNormal);
  return row.number - JobStore::kHeadStart * classes_above_normal;
}

// Returns whole microseconds, so that sums of many come back to zero.
absl::Duration WorkOf(const JobRecord& record) {
  const absl::Duration predicted = absl::Seconds(record.placement.prediction.seconds());
  return absl::Trunc(std::clamp(predicted, absl::ZeroDuration(), kLongestWork), absl::Microseconds(1));
}

std::set<std::string> InputsOf(const JobRecord& record) {
  std::set<std::string> inputs;
  if (IsEnded(record.state))
    return inputs;
  for (const auto* pictures : {&record.spec.start_pictures, &record.spec.end_pictures}) {
    for (const PictureRef& picture : *pictures)
      inputs.insert({picture.source_sha256, picture.pixels_sha256});
  }
  if (record.checkpoint.has_value())
    inputs.insert(record.checkpoint->sha256);
  inputs.erase("");
  return inputs;
}

}  // namespace ruyi
