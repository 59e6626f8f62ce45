#include "client/display_choice.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <iostream>

#include "client/json_events.h"
#include "client/plain_progress.h"
#include "client/terminal_progress.h"

namespace ruyi::client {
namespace {

constexpr int kDefaultColumns = 80;

int TerminalColumns() {
  winsize size = {};
  const bool known = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return known ? size.ws_col : kDefaultColumns;
}

}  // namespace

std::unique_ptr<ProgressDisplay> MakeDisplay(bool json) {
  if (json)
    return std::make_unique<JsonEvents>(&std::cout, &std::cerr);
  if (isatty(STDERR_FILENO) != 0)
    return std::make_unique<TerminalProgress>(&std::cerr, TerminalColumns());
  return std::make_unique<PlainProgress>(&std::cerr);
}

}  // namespace ruyi::client
