#include "client/estimate_text.h"

#include <algorithm>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/event_text.h"
#include "client/seconds.h"

namespace ruyi::client {
namespace {

constexpr std::string_view kModeTitle = "memory mode";

std::string WaitText(const google::protobuf::Duration& wait) {
  if (DurationOf(wait) == absl::ZeroDuration())
    return "the work would begin at once";
  return absl::StrCat("about ", DurationTextOf(wait), " until the work begins");
}

int ModeColumns(const v1::EstimateVideoResponse& estimate) {
  size_t columns = kModeTitle.size();
  for (const v1::ModeEstimate& mode : estimate.modes())
    columns = std::max(columns, ModeText(mode.mode()).size());
  return static_cast<int>(columns);
}

std::string Row(std::string_view mark, int mode_columns, const v1::ModeEstimate& mode) {
  return absl::StrFormat("%s %-*s  %9d  %9d  %10s  %-4s  %s\n", mark, mode_columns, ModeText(mode.mode()),
                         mode.predicted_mib(), mode.predicted_host_mib(), DurationTextOf(mode.predicted_time()),
                         mode.fits() ? "yes" : "no", mode.reason());
}

}  // namespace

std::string EstimateText(const v1::EstimateVideoResponse& estimate) {
  const int mode_columns = ModeColumns(estimate);
  std::string text = absl::StrFormat(
      "%dx%d, %d frames, %d steps; budget %d MiB, of the host %d MiB; %s\n", estimate.settings().size().width(),
      estimate.settings().size().height(), estimate.settings().frame_count(), estimate.settings().steps(),
      estimate.budget_mib(), estimate.host_budget_mib(), WaitText(estimate.queue_wait()));
  absl::StrAppendFormat(&text, "  %-*s  %9s  %9s  %10s  %-4s\n", mode_columns, kModeTitle, "MiB", "host MiB", "time",
                        "fits");
  for (int i = 0; i < estimate.modes_size(); ++i) {
    const bool is_chosen = estimate.has_chosen() && estimate.chosen() == i;
    text += Row(is_chosen ? "*" : " ", mode_columns, estimate.modes(i));
  }
  return absl::StrCat(text, estimate.has_chosen() ? "chosen (*): " : "none is chosen: ", estimate.reason(), "\n");
}

}  // namespace ruyi::client
