// Says durations as people do. Before it: whoever writes a text for people, in a server or its client. Fields that
// programs read keep their seconds. A pure function; thread-safe.
#pragma once

#include <string>

#include "absl/time/time.h"

namespace ruyi {

// Returns, for example, "0.3 s", "2.5 s", "45 s", "2 min 30 s", "2 h 31 min" or "3 d 4 h", and "for ever" for what has
// no end. Rounds up to what it shows, from the millisecond on: who waits so long has waited long enough. A negative
// duration counts as 0.
std::string DurationText(absl::Duration duration);

}  // namespace ruyi
