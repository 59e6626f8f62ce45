#include "client/plain_progress.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_format.h"
#include "client/event_text.h"
#include "client/seconds.h"

namespace ruyi::client {
namespace {

constexpr int kParts = 10;

int TenthsDone(const v1::VideoProgress& progress) {
  return static_cast<int>(int64_t{kParts} * progress.step() / std::max(progress.total(), 1));
}

std::string ProgressLine(const v1::VideoProgress& progress) {
  std::string line = absl::StrFormat("%s: %d/%d", PhaseText(progress.phase()), progress.step(), progress.total());
  if (progress.has_eta())
    absl::StrAppendFormat(&line, ", %s left", DurationTextOf(progress.eta()));
  if (const std::string skipped = SkippedText(progress.skipped_steps_size()); !skipped.empty())
    absl::StrAppendFormat(&line, ", %s", skipped);
  return line;
}

}  // namespace

void PlainProgress::OnEvent(const v1::VideoEvent& event) {
  if (event.has_queued())
    *out_ << QueuedText(event.queued()) << std::endl;
  if (const std::string news = NewsText(event); !news.empty())
    *out_ << news << std::endl;
  if (event.has_progress())
    OnProgress(event.progress());
}

void PlainProgress::OnProgress(const v1::VideoProgress& progress) {
  const int tenths = TenthsDone(progress);
  if (progress.phase() == phase_ && tenths == tenths_)
    return;
  phase_ = progress.phase();
  tenths_ = tenths;
  *out_ << ProgressLine(progress) << std::endl;
}

}  // namespace ruyi::client
