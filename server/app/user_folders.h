// Says where files of the user who started the server lie by default (XDG Base Directory Specification). Before it: the
// environment. After it: command_line.h. A function without state; thread-safe.
#pragma once

#include <string>

namespace ruyi {

// Returns ruyi/calibration.json in $XDG_CACHE_HOME, or in ~/.cache where that is no absolute path; empty without a
// home.
std::string DefaultCalibrationFile();

// Returns ruyi in $XDG_STATE_HOME, or in ~/.local/state where that is no absolute path; empty without a home.
std::string DefaultStateFolder();

}  // namespace ruyi
