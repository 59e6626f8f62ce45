// Shows progress as one line on a terminal, drawn over and over: phase, bar, step, time left. Before it: events. After
// it: the stream of a terminal, which it does not own. Not thread-safe.
#pragma once

#include <ostream>
#include <string>

#include "client/progress_display.h"

namespace ruyi::client {

class TerminalProgress final : public ProgressDisplay {
 public:
  // `columns`: the terminal's width; the line is cut to less than that. `out` must outlive the display.
  TerminalProgress(std::ostream* out, int columns);

  void OnEvent(const v1::VideoEvent& event) override;
  void OnNotice(const std::string& text) override;

  // Takes the line away.
  void Close() override;

 private:
  void Draw(std::string line);
  void PrintAbove(const std::string& line);

  std::ostream* out_;
  int columns_;
};

}  // namespace ruyi::client
