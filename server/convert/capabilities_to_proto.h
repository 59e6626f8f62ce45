// What this server takes → Capabilities. Before it: core/request/limits. After it: the wire. Functions without state;
// thread-safe.
#pragma once

#include <ruyi/v1/capabilities.pb.h>

#include <string>
#include <string_view>
#include <vector>

#include "core/request/limits.h"

namespace ruyi {

// `version` of the server; `queue_capacity` jobs may wait; a request may name these `loras`.
ruyi::v1::Capabilities ToProto(const RequestLimits& limits, std::string_view version, int queue_capacity,
                               const std::vector<std::string>& loras);

}  // namespace ruyi
