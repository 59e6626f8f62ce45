#include "server/app/stderr_sink.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "absl/strings/str_format.h"

namespace ruyi {
namespace {

void AwaitReader() {
  pollfd out = {.fd = STDERR_FILENO, .events = POLLOUT, .revents = 0};
  poll(&out, 1, /*timeout=*/-1);
}

// Writes the text. Whatever cannot be written is lost: there is nobody to tell.
void WriteAll(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(STDERR_FILENO, text.data(), text.size());
    if (written >= 0)
      text.remove_prefix(static_cast<size_t>(written));
    else if (errno == EAGAIN)
      AwaitReader();
    else if (errno != EINTR)
      return;
  }
}

}  // namespace

bool StderrSink::AwaitLines(size_t lines, absl::Duration timeout) {
  std::unique_lock lock(mutex_);
  const auto are_done = [&] { return written_ + count_dropped_() >= lines; };
  return changed_.wait_for(lock, absl::ToChronoNanoseconds(timeout), are_done);
}

void StderrSink::sink_it_(const spdlog::details::log_msg& message) {
  WriteDropped(message);
  Write(message);
  {
    const std::scoped_lock lock(mutex_);
    ++written_;
  }
  changed_.notify_all();
}

void StderrSink::WriteDropped(const spdlog::details::log_msg& next) {
  const size_t dropped = count_dropped_();
  if (dropped == dropped_)
    return;
  const std::string text = absl::StrFormat(R"("event":"log_dropped","lines":%d)", dropped - dropped_);
  dropped_ = dropped;
  Write(spdlog::details::log_msg(next.time, spdlog::source_loc(), next.logger_name, spdlog::level::warn, text));
}

void StderrSink::Write(const spdlog::details::log_msg& message) {
  spdlog::memory_buf_t line;
  formatter_->format(message, line);
  WriteAll({line.data(), line.size()});
}

}  // namespace ruyi
