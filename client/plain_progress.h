// Shows events as lines for a log: one for each change of phase, place in the queue and memory mode, and one about
// every 10 % of a phase. Before it: events. After it: a stream, which it does not own. Not thread-safe.
#pragma once

#include <ostream>
#include <string>

#include "client/progress_display.h"

namespace ruyi::client {

class PlainProgress final : public ProgressDisplay {
 public:
  // `out` must outlive the display.
  explicit PlainProgress(std::ostream* out) : out_(out) {}

  void OnEvent(const v1::VideoEvent& event) override;
  void OnNotice(const std::string& text) override { *out_ << text << std::endl; }
  void Close() override {}

 private:
  void OnProgress(const v1::VideoProgress& progress);

  std::ostream* out_;
  v1::Phase phase_ = v1::PHASE_UNSPECIFIED;
  int tenths_ = 0;  // of the phase, as last shown
};

}  // namespace ruyi::client
