#include "client/terminal_progress.h"

#include <algorithm>
#include <string_view>

#include "absl/strings/str_format.h"
#include "client/event_text.h"
#include "client/seconds.h"

namespace ruyi::client {
namespace {

constexpr int kBarColumns = 20;
constexpr std::string_view kClearLine = "\r\x1b[2K";

std::string Bar(int step, int total) {
  const int filled = total <= 0 ? 0 : static_cast<int>(int64_t{kBarColumns} * std::clamp(step, 0, total) / total);
  return std::string(filled, '#') + std::string(kBarColumns - filled, '.');
}

std::string ProgressLine(const v1::VideoProgress& progress) {
  std::string line = absl::StrFormat("%-12s [%s] %d/%d", PhaseText(progress.phase()),
                                     Bar(progress.step(), progress.total()), progress.step(), progress.total());
  if (progress.has_eta())
    absl::StrAppendFormat(&line, "  %s left", DurationTextOf(progress.eta()));
  if (const std::string skipped = SkippedText(progress.skipped_steps_size()); !skipped.empty())
    absl::StrAppendFormat(&line, "  %s", skipped);
  return line;
}

}  // namespace

TerminalProgress::TerminalProgress(std::ostream* out, int columns) : out_(out), columns_(columns) {}

void TerminalProgress::OnEvent(const v1::VideoEvent& event) {
  if (event.has_queued())
    Draw(QueuedText(event.queued()));
  if (const std::string news = NewsText(event); !news.empty())
    PrintAbove(news);
  if (event.has_progress())
    Draw(ProgressLine(event.progress()));
}

void TerminalProgress::OnNotice(const std::string& text) {
  PrintAbove(text);
}

void TerminalProgress::Close() {
  *out_ << kClearLine << std::flush;
}

void TerminalProgress::Draw(std::string line) {
  line.resize(std::min(line.size(), static_cast<size_t>(std::max(columns_ - 1, 1))));
  *out_ << kClearLine << line << std::flush;
}

void TerminalProgress::PrintAbove(const std::string& line) {
  *out_ << kClearLine << line << "\n" << std::flush;
}

}  // namespace ruyi::client
