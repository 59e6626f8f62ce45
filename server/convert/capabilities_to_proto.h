// Turns the limits of this server into Capabilities. Before it: core/request/limits. After it: the wire. Functions
// without state; thread-safe.
#pragma once

#include <ruyi/v1/capabilities.pb.h>

#include <string>
#include <string_view>
#include <vector>

#include "core/request/limits.h"

namespace ruyi {

// Returns the Capabilities. `version` is the server's; `queue_capacity` jobs may wait; `loras` are the names that a
// request may give.
ruyi::v1::Capabilities ToProto(const RequestLimits& limits, std::string_view version, int queue_capacity,
                               const std::vector<std::string>& loras);

}  // namespace ruyi
