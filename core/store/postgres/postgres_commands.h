// Makes the longer SQL commands of PostgresJobTable. Rows come as RowOf there reads them: number, lease_token, record,
// id, state, work, log_time, and whether the lease is over. Functions without state.
#pragma once

#include <string>

#include "core/store/job_store.h"

namespace ruyi {

// Returns a command that reads rows; `rest` begins after FROM jobs.
std::string ReadRows(const std::string& rest);

// Reads the row of a job's request, then the next number, whether the id is taken, what is summed, and the jobs behind
// the new one, all at once. Its parameters are the id, minus the claim key of number 0, and the request's key.
extern const char* const kArrivalCommand;

// Returns the command that locks and reads the next row that waits and that nobody else has locked, with its claim key
// and a new token. Its parameters are a claim key and a number; the row is behind both.
std::string NextWaitingCommand();

// Returns the command that lists what `filter` wants. Its parameters are the labels' names and values, the number that
// all are below, the limit, and the tenant where the filter names one.
std::string ListCommand(const JobFilter& filter);

}  // namespace ruyi
