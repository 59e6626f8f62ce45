// Gives the database's time of day to a server of a fleet, so that all write the same times into records and let what
// is kept get old together, whatever their own clocks say. Functions without state; thread-safe.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "core/base/clock.h"

namespace ruyi {

// Returns a clock that begins with the time of the database of `url` and goes on evenly by `machine`, which must
// outlive it. Its Elapsed is the machine's. Blocks on the database. Errors: those of PostgresConnection::Open.
absl::StatusOr<std::unique_ptr<const Clock>> OpenPostgresClock(const std::string& url, const Clock& machine);

}  // namespace ruyi
