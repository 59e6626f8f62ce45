// Turns an error of PostgreSQL into a status that says what to do. Functions without state; thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace ruyi {

// Returns UNAVAILABLE STORE_UNAVAILABLE with a delay after which to try again: the database `where` cannot be asked.
absl::Status DatabaseAway(std::string_view where, std::string_view message);

// Returns the status for an error with the five letters `sqlstate`; `where` names the database, `message` is
// PostgreSQL's own. UNAVAILABLE STORE_UNAVAILABLE: it is starting, stopping, overloaded or a standby;
// RESOURCE_EXHAUSTED DISK_FULL: its disk has no room; INVALID_ARGUMENT: a text is no Unicode or has a zero byte;
// DATA_LOSS: it is damaged; FAILED_PRECONDITION: the user may not do this; INTERNAL: all else.
absl::Status StatusOfPostgres(std::string_view sqlstate, std::string_view where, std::string_view message);

// Returns true for errors after which the same transaction may succeed: others were in its way.
bool IsConflict(std::string_view sqlstate);

}  // namespace ruyi
