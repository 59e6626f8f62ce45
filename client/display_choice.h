// Chooses the display that a command shows events on. Before it: the commands. After it: ProgressDisplay. Thread-safe.
#pragma once

#include <memory>

#include "client/progress_display.h"

namespace ruyi::client {

// Returns a display of JSON on stdout when `json`; else one on stderr: a line that is drawn anew where stderr is a
// terminal, or lines for a log.
std::unique_ptr<ProgressDisplay> MakeDisplay(bool json);

}  // namespace ruyi::client
