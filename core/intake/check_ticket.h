// Checks what a caller attaches to a job: labels and request_id. Before it: a JobRequest. After it: job_intake.h. A
// function without state; thread-safe.
#pragma once

#include <vector>

#include "core/base/error_info.h"
#include "core/intake/job_request.h"

namespace ruyi {

// Returns one violation for each field that is wrong.
std::vector<FieldViolation> CheckTicket(const JobRequest& request);

}  // namespace ruyi
