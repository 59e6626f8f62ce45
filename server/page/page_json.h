// Writes for the operator's page what Administration shows. Before it: operator_page.h. After it: page.js. Functions
// without state; thread-safe.
#pragma once

#include <string>

#include "server/admin/administration.h"

namespace ruyi {

// Return a JSON object each. Bytes that are no UTF-8 are replaced.
std::string ToPageJson(const ServerStatus& status);
std::string ToPageJson(const JobPage& page);

// Returns an object with the message and the reason of a status that is not OK, and with the delay after which to try
// again where it has one.
std::string ErrorJson(const absl::Status& status);

}  // namespace ruyi
