// Writes the log's lines to standard error; where lines were dropped, it writes one that says how many. Before it:
// log.h, whose thread is the only one that logs. After it: the reader, who may stop reading for as long as they like.
// Thread-safe.
#pragma once

#include <spdlog/sinks/base_sink.h>

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string_view>

#include "absl/time/time.h"

namespace ruyi {

class StderrSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  // `count_dropped` says how many lines have been dropped since the start.
  explicit StderrSink(std::function<size_t()> count_dropped) : count_dropped_(std::move(count_dropped)) {}

  // Blocks until `lines` lines have been written or dropped, at most `timeout`; returns false when they have not.
  bool AwaitLines(size_t lines, absl::Duration timeout);

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override;
  void flush_() override {}

 private:
  void WriteDropped(const spdlog::details::log_msg& next);
  void Write(const spdlog::details::log_msg& message);

  const std::function<size_t()> count_dropped_;
  size_t dropped_ = 0;  // as far as it has been told; guarded by base_sink

  std::mutex mutex_;
  std::condition_variable changed_;
  size_t written_ = 0;  // guarded by mutex_
};

}  // namespace ruyi
